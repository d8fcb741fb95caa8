"""The scripts that a shell is given once, and the answers that it asks for at each <TAB>.

A script calls `_CNNVIZ_COMPLETE=SHELL_complete cnnviz WORDS...` and gets a line for each
suggestion: a kind, a value and a summary, separated by tabs. A kind is `plain`, or `file`, whose
value is what stands before the path. All that the shells differ in is settled in their scripts and
in `_words`; click's own scripts break names at colons in bash and lose `--option=` in zsh and fish.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SHELLS = ("bash", "zsh", "fish")

BASH = r"""# Completion of cnnviz for bash.
_cnnviz() {
    local kind value help
    COMPREPLY=()
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            plain) COMPREPLY+=("$value") ;;
            file) compopt -o default 2>/dev/null ;;
        esac
    done < <(_CNNVIZ_COMPLETE=bash_complete "${1/#\~/$HOME}" \
        "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:.=/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o nosort -F _cnnviz cnnviz 2>/dev/null || complete -F _cnnviz cnnviz
"""

ZSH = r"""#compdef cnnviz
# Completion of cnnviz for zsh.
_cnnviz() {
    local line kind value help skip
    local -a parts words_before open closed
    words_before=("${(@Q)words[1,CURRENT-1]}")
    while IFS= read -r line; do
        parts=("${(@ps:\t:)line}")
        kind=$parts[1] value=$parts[2] help=$parts[3]
        if [[ $kind == file ]]; then
            compset -p ${#value}
            _files && return
        elif [[ $value == *[:.=/] ]]; then
            open+=("${value//:/\\:}${help:+:$help}")
        else
            closed+=("${value//:/\\:}${help:+:$help}")
        fi
    done < <(_CNNVIZ_COMPLETE=zsh_complete ${~words[1]} "${(@)words_before[2,-1]}" \
        "${(Q)IPREFIX}${(Q)PREFIX}" 2>/dev/null </dev/null)
    local found=1
    (( $#closed )) && _describe -V cnnviz closed && found=0
    (( $#open )) && _describe -V cnnviz open -S '' && found=0
    return found
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _cnnviz "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _cnnviz cnnviz
fi
"""

FISH = r"""# Completion of cnnviz for fish.
function __cnnviz_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct | string unescape)
    for line in (env _CNNVIZ_COMPLETE=fish_complete $before "$current" 2>/dev/null </dev/null)
        set -l parts (string split \t -- $line)
        if test $parts[1] = file
            set -l path (string sub --start (math 1 + (string length -- "$parts[2]")) -- "$current")
            for found in (complete -C "'' "(string escape -- "$path"))
                printf '%s%s\n' "$parts[2]" $found
            end
        else
            printf '%s\t%s\n' $parts[2] "$parts[3]"
        end
    end
end
complete --command cnnviz --no-files --keep-order --arguments '(__cnnviz_complete)'
"""

_SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
# Anything else would need quotes, which the shells add in different ways: it is typed by hand.
_SAFE = re.compile(r"[\w@%+=:,./-]+")


def script(shell: str) -> str:
    """Return the script for a shell, to be read by it once."""
    return _SCRIPTS[shell]


def answer(request: str, argv: Sequence[str]) -> str:
    """Return what to print for `_CNNVIZ_COMPLETE=REQUEST cnnviz ARGV`.

    Nothing that is typed may hurt: where anything goes wrong, there is nothing to suggest.
    """
    shell, _, instruction = request.partition("_")
    if shell not in SHELLS:
        return ""
    if instruction == "source":
        return script(shell)
    try:
        words, replaced = _words(shell, argv)
        return "".join(_lines(words, replaced))
    except Exception:
        return ""


def _words(shell: str, argv: Sequence[str]) -> tuple[list[str], str]:
    """Return the words after the command, the last one begun, and how much of it is replaced.

    bash hands over the line itself, as its own words end at every colon and equals sign; what it
    is going to replace is the part after the last one.
    """
    if shell != "bash":
        return list(argv), argv[-1]
    from click.shell_completion import split_arg_string

    line, replaced = argv
    words = split_arg_string(line)[1:]
    if not words or (line != line.rstrip() and not words[-1].endswith(line[-1])):
        words.append("")
    return words, "" if replaced in (":", "=") else replaced


def _lines(words: list[str], replaced: str) -> list[str]:
    """Return a line for each suggestion for the last word, of which the shell keeps a part."""
    from click.shell_completion import ShellComplete

    from cnnviz.cli.later import put_off
    from cnnviz.cli.main import cli
    from cnnviz.render.terminal import escape

    put_off("numpy")
    *before, word = words
    shell = ShellComplete(cli, {}, "cnnviz", "_CNNVIZ_COMPLETE")
    option, equals, _ = word.partition("=")
    head = option + equals if equals and option.startswith("-") else ""
    kept = len(word) - len(replaced) if word.endswith(replaced) else 0
    lines = []
    for item in shell.get_completions(before, word):
        value = head + str(item.value)
        if item.type == "plain" and not _SAFE.fullmatch(value):
            continue
        lines.append(f"{item.type}\t{value[kept:]}\t{escape(item.help or '')}\n")
    return lines
