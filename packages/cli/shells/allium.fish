# Completes the words after allium. Save it with: allium completion fish > ~/.config/fish/completions/allium.fish
function __allium_complete
	set -l before (commandline -opc)
	set -l current (commandline -ct)
	set -l command (string replace -r '^~' $HOME -- $before[1])
	for line in ($command complete -- $before[2..-1] "$current" 2>/dev/null)
		switch $line
			case :files
				__fish_complete_path "$current"
			case :folders
				__fish_complete_directories "$current"
			case '*'
				printf '%s\n' $line
		end
	end
end
complete -c allium -f -a '(__allium_complete)'
