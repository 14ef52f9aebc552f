import { describe, expect, test } from "vitest";
import { anyLines, patternOf, portsOf, stepsOf, withPorts } from "./page.ts";

const page = [
	"```ts file=main.ts",
	"await app.run();",
	"```",
	"Only to be read:",
	"```ts",
	"app.stop();",
	"```",
	"```sh run",
	"npm init -y",
	"npm install allium",
	"```",
	"```console service",
	"$ PORT=8000 node main.ts",
	"… is ready",
	"```",
	"```console",
	"$ curl http://127.0.0.1:8000/ \\",
	"  --json '{}'",
	"{}",
	"$ true",
	"```",
].join("\n");

describe("a page", () => {
	test("has files and commands, in order", () => {
		expect(stepsOf(page)).toEqual([
			{ kind: "file", name: "main.ts", text: "await app.run();\n" },
			{ kind: "command", command: "npm init -y\nnpm install allium", isService: false },
			{ kind: "command", command: "PORT=8000 node main.ts", shown: ["… is ready"], isService: true },
			{
				kind: "command",
				command: "curl http://127.0.0.1:8000/ \\\n  --json '{}'",
				shown: ["{}"],
				isService: false,
			},
			{ kind: "command", command: "true", isService: false },
		]);
	});

	test("is followed on other ports", () => {
		expect([...portsOf(page)]).toEqual(["8000"]);
		expect(withPorts("PORT=8000 80001 :8000/", new Map([["8000", 4]]))).toBe("PORT=4 80001 :4/");
	});
});

describe("what a page shows", () => {
	const matches = (shown: string[], output: string, between?: string): boolean =>
		new RegExp(`^${patternOf(shown, between)}$`).test(output);

	test("is the printed text", () => {
		expect(matches(["a.b", "c"], "a.b\nc")).toBe(true);
		expect(matches(["a.b", "c"], "axb\nc")).toBe(false);
		expect(matches(["a", "c"], "a\nb\nc")).toBe(false);
	});

	test("leaves out what differs each time", () => {
		expect(matches(["ready id=… on …", "up"], "ready id=12 on 1\nup")).toBe(true);
		expect(matches(["a", "…", "d"], "a\nb\nc\nd")).toBe(true);
		expect(matches(["a", "…"], "a\nb\nc")).toBe(true);
		expect(matches(["a", "…", "d"], "a\nb\nc")).toBe(false);
		expect(matches(["NAME  ID"], "NAME        ID")).toBe(true);
	});

	test("may leave out lines where that is allowed", () => {
		expect(matches(["a", "c"], "a\nb\nc", anyLines)).toBe(true);
		expect(matches(["a", "c"], "c\nb\na", anyLines)).toBe(false);
	});
});
