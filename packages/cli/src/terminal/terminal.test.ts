import { PassThrough, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { Terminal } from "./terminal.ts";

/** Returns the output of a terminal on standard error, which is a screen with the given columns, or no screen. */
function screen(columns: number | undefined, env = {}) {
	let text = "";
	const sink = new Writable({
		write(chunk, _, done) {
			text += chunk;
			done();
		},
	});
	const stderr = Object.assign(sink, { isTTY: columns !== undefined, columns });
	const stdout = new PassThrough();
	stdout.resume();
	const terminal = new Terminal(stdout as never, stderr as never, env);
	return { terminal, written: () => text };
}

describe("a status", () => {
	test("is a line that the next output replaces", async () => {
		const { terminal, written } = screen(80);
		terminal.status("one");
		terminal.status("two");
		terminal.complain("over");
		expect(written()).toBe("\r\x1b[Kone\r\x1b[Ktwo\r\x1b[Kover\n");
		terminal.status("three");
		await terminal.print("result");
		expect(written().endsWith("over\n\r\x1b[Kthree\r\x1b[K")).toBe(true);
	});

	test("is cut to the width of the screen", () => {
		const { terminal, written } = screen(10);
		terminal.status("0123456789");
		expect(written()).toBe("\r\x1b[K012345678");
	});

	test.each([
		["a file", screen(undefined)],
		["a dumb terminal", screen(80, { TERM: "dumb" })],
	])("is not for %s", (_, { terminal, written }) => {
		terminal.status("one");
		terminal.complain("over");
		expect(written()).toBe("over\n");
	});
});

test("what strangers wrote controls no terminal, whatever it is written to", async () => {
	const { terminal, written } = screen(80);
	const evil = "\x1b[2J\x9b31m\x07\r\x1b]0;title\x07";
	terminal.complain(evil);
	terminal.complain(terminal.errorStyles.red(evil));
	terminal.status(`${evil}\n`);
	await terminal.print("result");
	const ours = written().replaceAll("\r\x1b[K", "").replaceAll("\x1b[31m", "").replaceAll("\x1b[39m", "");
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
	expect(ours).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
	expect(written()).toContain("\x1b[31m\\u001b[2J\\u009b31m\\u0007\\u000d");
});
