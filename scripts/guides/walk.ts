import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { anyLines, type PageCommand, type PageStep, patternOf, portsOf, stepsOf, withPorts } from "./page.ts";
import type { Terminal } from "./terminal.ts";

/** The place in which a page is followed. */
export interface Place {
	readonly folder: string;
	readonly terminal: Terminal;
	/** Returns the command to run in place of the page's. */
	readonly typed?: (command: string) => string;
}

/** A step with the title that a test shows. */
export type TitledStep = PageStep & { readonly title: string };

/** Returns the steps of a page, on ports that are free here. */
export async function stepsHere(page: string): Promise<TitledStep[]> {
	const free = new Set<number>();
	const shown = [...portsOf(page)].sort();
	while (free.size < shown.length) free.add(await freePort());
	// The ports keep their order, so that anything sorted by port stays sorted.
	const ordered = [...free].sort((a, b) => a - b);
	const ports = new Map(shown.map((port, index) => [port, ordered[index] ?? 0]));
	return stepsOf(withPorts(page, ports)).map((step) => ({
		...step,
		title: step.kind === "file" ? `the file ${step.name}` : step.command,
	}));
}

/**
 * Does one step of a page, and compares the result with the one that the page shows. For an answer to `curl -i` the
 * page may omit headers.
 */
export async function take(
	step: PageStep,
	{ folder, terminal, typed = (command) => command }: Place,
): Promise<void> {
	if (step.kind === "file") {
		mkdirSync(dirname(join(folder, step.name)), { recursive: true });
		writeFileSync(join(folder, step.name), step.text);
		return;
	}
	// Without a terminal, curl would print its progress.
	const command = typed(step.command).replaceAll(/\bcurl (?=\S)/g, "curl -sS ");
	if (step.isService) {
		await terminal.serve(command, new RegExp(patternOf(step.shown ?? [" is ready "], anyLines)));
	} else {
		await compare(step, await terminal.run(command));
	}
}

function compare(
	{ command, shown }: PageCommand,
	{ code, output }: { code: number | null; output: string },
): void {
	if (shown === undefined) {
		expect(code, `${command}\n${output}`).toBe(0);
		return;
	}
	const isPartial = /\bcurl -i\b/.test(command);
	const lines = output.replaceAll("\r", "").trimEnd();
	const pattern = patternOf(shown, isPartial ? anyLines : "");
	if (!new RegExp(isPartial ? pattern : `^${pattern}$`).test(lines)) expect(lines).toBe(shown.join("\n"));
}

/**
 * Finds a free port. It lies below those that systems give to connections and to servers on any free port, so it is
 * likely to be free when a page comes to use it.
 */
async function freePort(): Promise<number> {
	while (true) {
		const port = 20_000 + Math.floor(Math.random() * 12_000);
		if (await isFree(port)) return port;
	}
}

function isFree(port: number): Promise<boolean> {
	const server = createServer();
	return new Promise((resolve) => {
		server.once("error", () => resolve(false));
		server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
	});
}
