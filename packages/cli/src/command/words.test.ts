import { expect, test } from "vitest";
import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { readWords } from "./words.ts";

function named(name: string): Command {
	const command = commands.find((candidate) => candidate.name === name);
	if (command === undefined) throw new Error(`there is no command ${name}`);
	return command;
}

test.each(["call", "bench"])("allium %s takes a service and its method in one word or in two", (name) => {
	const expected = ["add", "sum", '{"a":1}'];
	expect(readWords(named(name), ["add", "sum", '{"a":1}']).arguments).toEqual(expected);
	expect(readWords(named(name), ["add/sum", '{"a":1}']).arguments).toEqual(expected);
	expect(readWords(named(name), ["add/sum"]).arguments).toEqual(["add", "sum"]);
});

test.each([
	[["add/sum", "{}", "more"], 'allium call takes no further argument "more".'],
	[["add/"], "allium call needs a <method>."],
	[["add"], "allium call needs a <method>."],
	[[], "allium call needs a <service>."],
])("what is wrong with %j is told in one sentence", (line, sentence) => {
	expect(() => readWords(named("call"), line)).toThrow(sentence);
});

test("other commands take a word with a slash as it is", () => {
	expect(readWords(named("dev"), ["examples/greeter"]).arguments).toEqual(["examples/greeter"]);
});
