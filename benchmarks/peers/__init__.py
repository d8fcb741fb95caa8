"""The same networks and operations in other libraries; each is imported when it is asked for."""
