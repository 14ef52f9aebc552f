/** A file that a page tells its reader to write. */
export interface PageFile {
	readonly kind: "file";
	readonly name: string;
	readonly text: string;
}

/** A command that a page tells its reader to type. */
export interface PageCommand {
	readonly kind: "command";
	readonly command: string;
	/** The lines that the page shows below the command. Undefined if the page does not show its output. */
	readonly shown?: readonly string[];
	/** Whether the command runs until the page ends, as a service does in a separate terminal. */
	readonly isService: boolean;
}

export type PageStep = PageFile | PageCommand;

/**
 * Returns the steps that a page tells its reader to do, in the order of the page:
 * - a block `ts file=main.ts` (or `json`, `html`, …) is a file;
 * - a block `sh run` is a command whose output does not matter;
 * - a block `console` holds commands after `$ `, each followed by its output, if that matters;
 * - a block `console service` is the same, and its commands run until the page ends.
 *
 * Other blocks are only for reading.
 */
export function stepsOf(page: string): PageStep[] {
	const blocks = page.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm);
	return [...blocks].flatMap(([, info = "", text = ""]) => stepsIn(info, text));
}

function stepsIn(info: string, text: string): PageStep[] {
	const [, name] = /^\w+ file=(\S+)$/.exec(info) ?? [];
	if (name !== undefined) return [{ kind: "file", name, text }];
	if (info === "sh run") return [{ kind: "command", command: text.trimEnd(), isService: false }];
	if (info === "console" || info === "console service") return commands(text, info !== "console");
	return [];
}

/** The files of a page, by name. */
export function filesOf(page: string): ReadonlyMap<string, string> {
	return new Map(stepsOf(page).flatMap((step) => (step.kind === "file" ? [[step.name, step.text]] : [])));
}

function commands(session: string, isService: boolean): PageCommand[] {
	return session
		.split(/^\$ /m)
		.slice(1)
		.map((text) => {
			const [, command = "", output = ""] = /^((?:.*\\\n)*.*)\n?([\s\S]*)$/.exec(text.trimEnd()) ?? [];
			return {
				kind: "command",
				command,
				isService,
				...(output !== "" && { shown: output.split("\n") }),
			};
		});
}

/**
 * Returns the pattern of an output that a page shows. In it `…` stands for any part of a line, a line `…` for any
 * lines, and two spaces for any number of them.
 *
 * @param between The pattern of text that may stand between two shown lines.
 */
export function patternOf(shown: readonly string[], between = ""): string {
	return shown
		.map((line, index) => {
			const end = index === shown.length - 1 ? "" : `\n${between}`;
			if (line.trim() === "…") return end === "" ? "[\\s\\S]*" : "(?:.*\n)*?";
			return line.split("…").map(escapeForPattern).join(".*").replaceAll(/ {2,}/g, " +") + end;
		})
		.join("");
}

/** Any lines, as few as possible. */
export const anyLines = "(?:.*\n)*?";

/** The ports that a page uses, by `PORT=8000`, `port: 8000` or `--port 8000`. */
export function portsOf(page: string): ReadonlySet<string> {
	const uses = page.matchAll(/(?:\bPORT=|\bport: |--port )(\d{4,5})\b/g);
	return new Set([...uses].map(([, port = ""]) => port));
}

/** Returns a page with other ports than those that it uses. */
export function withPorts(page: string, ports: ReadonlyMap<string, number>): string {
	return [...ports].reduce(
		(text, [port, own]) => text.replaceAll(new RegExp(`\\b${port}\\b`, "g"), `${own}`),
		page,
	);
}

function escapeForPattern(text: string): string {
	return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
