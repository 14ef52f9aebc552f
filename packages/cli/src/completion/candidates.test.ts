import { describe, expect, test } from "vitest";
import { commands } from "../command/commands.ts";
import { wanted } from "./candidates.ts";

function words(...line: string[]): string[] {
	const found = wanted(line, commands);
	return found.what === "words" ? found.candidates.map(({ word }) => word) : [`:${found.what}`];
}

describe("the first word", () => {
	test("is a command, not one for programs", () => {
		expect(words("")).toEqual(expect.arrayContaining(["services", "describe", "call", "dev", "new"]));
		expect(words("")).not.toContain("complete");
		expect(words("des")).toEqual(["describe"]);
	});

	test("or an option", () => {
		expect(words("--")).toEqual(["--help", "--version"]);
	});

	test("may be help, with a command after it", () => {
		expect(words("help", "se")).toEqual(["services"]);
		expect(words("help", "services", "")).toEqual([]);
	});

	test("may be that of a group, with a command after it", () => {
		expect(words("tl")).toEqual(["tls"]);
		expect(words("tls", "i")).toEqual(["init", "issue"]);
		expect(words("help", "tls", "in")).toEqual(["init"]);
		expect(words("tls", "init", "--f")).toEqual(["--force"]);
		expect(words("tls", "init", "")).toEqual([":folders"]);
		expect(words("groups", "")).toEqual(["list", "show", "rewind", "delete"]);
	});
});

describe("an argument", () => {
	test("is what the command takes there", () => {
		expect(words("describe", "")).toEqual([":services"]);
		expect(words("call", "greeter", "he")).toEqual([":methods"]);
		expect(words("call", "greeter", "hello", "")).toEqual([]);
		expect(words("dev", "a.ts", "b.ts", "")).toEqual([":files"]);
		expect(words("new", "")).toEqual([":folders"]);
		expect(words("completion", "z")).toEqual(["zsh"]);
		expect(words("events", "tail", "")).toEqual([":topics"]);
		expect(words("parked", "replay", "matches", "")).toEqual([":groups"]);
		expect(words("views", "")).toEqual(["list", "show", "rebuild", "switch", "retry", "drop"]);
		expect(words("views", "switch", "")).toEqual([":views"]);
		expect(words("views", "switch", "standings", "")).toEqual([":versions"]);
		expect(words("groups", "rewind", "matches", "rewards", "--to", "s")).toEqual(["start"]);
	});

	test("counts without the options before it", () => {
		expect(words("call", "--timeout", "2s", "--json", "greeter", "")).toEqual([":methods"]);
		expect(words("call", "--timeout=2s", "greeter", "")).toEqual([":methods"]);
	});

	test("may begin with a dash after --", () => {
		expect(words("dev", "--", "-")).toEqual([":files"]);
	});

	test("comes with the service and the options that say where to look", () => {
		expect(wanted(["call", "--namespace", "test", "greeter", "he"], commands)).toEqual({
			what: "methods",
			beginning: "he",
			prefix: "",
			arguments: ["greeter"],
			options: new Map([["namespace", "test"]]),
		});
	});
});

describe("an option", () => {
	test("is one of the command that was not given yet", () => {
		expect(words("services", "--")).toEqual(expect.arrayContaining(["--json", "--registry", "--help"]));
		expect(words("services", "--json", "--j")).toEqual([]);
	});

	test("is offered again when it may be repeated", () => {
		expect(words("call", "--metadata", "a=b", "--meta")).toEqual(["--metadata"]);
	});
});

describe("the value of an option", () => {
	test("is one of those that it takes", () => {
		expect(words("new", "--template", "")).toEqual(["rest", "stream"]);
		expect(words("new", "--template=s")).toEqual(["--template=stream"]);
	});

	test("is found where bash has taken the word apart", () => {
		expect(words("new", "--template", "=", "s")).toEqual(["stream"]);
		expect(words("new", "--template", "=")).toEqual(["rest", "stream"]);
		expect(words("call", "--timeout", "=", "2s", "greeter", "")).toEqual([":methods"]);
	});

	test("is nothing where it can be anything", () => {
		expect(words("call", "--timeout", "")).toEqual([]);
		expect(words("call", "--nonsense=")).toEqual([]);
	});
});

test("after a command that does not exist comes nothing", () => {
	expect(words("frobnicate", "")).toEqual([]);
});
