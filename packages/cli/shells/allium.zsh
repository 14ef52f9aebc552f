#compdef allium
# Completes the words after allium. Load it below compinit with: eval "$(allium completion zsh)"
_allium() {
	local line
	local -a candidates
	local command=${(Q)words[1]/#\~/$HOME}
	for line in "${(@f)$("$command" complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
		case $line in
		"") ;;
		:files) _files && return ;;
		:folders) _files -/ && return ;;
		*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
		esac
	done
	if [[ ${words[CURRENT]} == -* ]]; then
		_describe -o allium candidates
	else
		_describe allium candidates
	fi
}
# Loaded by eval it registers itself; as a file on fpath it is this function.
if [[ ${funcstack[1]} == _allium ]]; then
	_allium "$@"
else
	compdef _allium allium
fi
