# Completes the words after allium. Load it with: eval "$(allium completion bash)"
_allium() {
	local line command=${COMP_WORDS[0]/#\~/$HOME}
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:files | :folders)
			local kind=-f
			[[ $line == :folders ]] && kind=-d
			while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$kind" -- "${COMP_WORDS[COMP_CWORD]}")
			compopt -o filenames 2>/dev/null
			;;
		*) COMPREPLY+=("${line%%$'\t'*}") ;;
		esac
	done < <("$command" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _allium allium
