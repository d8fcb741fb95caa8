"""What the files of `torch.save` have in common, whatever they are packed in."""
