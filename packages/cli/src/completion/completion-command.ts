import type { Command } from "../command/command.ts";
import { shells } from "./shells.ts";

/** `allium completion` */
export const completionCommand: Command = {
	name: "completion",
	summary: "Print a script that completes commands, options, services and methods in your shell.",
	arguments: [{ name: shells.join("|"), summary: "The shell to complete in.", completes: shells }],
	options: {},
	notes: [
		"Load the script in the start-up file of the shell, as in the examples; new shells then complete the words after allium.",
	],
	examples: [
		`echo 'eval "$(allium completion bash)"' >> ~/.bashrc`,
		`echo 'eval "$(allium completion zsh)"' >> ~/.zshrc    # below compinit`,
		"allium completion fish > ~/.config/fish/completions/allium.fish",
	],
	load: async () => (await import("./completion.ts")).completion,
};
