import type { ViewReport } from "@allium/core/store";
import type { Command, Run, Surroundings, Words } from "../command/command.ts";
import { type ExitCode, exitCode } from "../command/exit-code.ts";
import { type Candidate, type Wanted, wanted } from "./candidates.ts";

/** How long the lookup of services and methods may take after the user presses the tab key, in milliseconds. */
const patienceMs = 1_500;

/**
 * `allium complete -- words…` prints the completions of the last word, one per line, each with a tab and its meaning.
 * It prints `:files` or `:folders` if the shell completes the word itself. It reports no errors.
 */
export function complete(commands: readonly Command[]): Run {
	return (words, surroundings) => completed(commands, words, surroundings);
}

async function completed(
	commands: readonly Command[],
	words: Words,
	surroundings: Surroundings,
): Promise<ExitCode> {
	const lookUp = wanted(words.arguments, commands);
	if (lookUp.what === "files" || lookUp.what === "folders") {
		await surroundings.terminal.print(`:${lookUp.what}`);
		return exitCode.ok;
	}
	const candidates = lookUp.what === "words" ? lookUp.candidates : await lookedUp(lookUp, surroundings);
	const lines = candidates.map(({ word, summary }) => (summary === "" ? word : `${word}\t${summary}`));
	if (lines.length > 0) await surroundings.terminal.print(lines.join("\n"));
	return exitCode.ok;
}

type LookUp = Exclude<Wanted, { what: "words" }>;

/** The names that are up and begin with the word. None if they cannot be found in time. */
async function lookedUp(lookUp: LookUp, surroundings: Surroundings): Promise<Candidate[]> {
	const { what, prefix, beginning } = lookUp;
	if (what === "files" || what === "folders") return [];
	const words = wordsOf(lookUp);
	// Ends the process even if it still waits, for example for a backend that does not answer.
	const timer = setTimeout(() => process.exit(exitCode.ok), patienceMs);
	try {
		const found = await names[what](words, surroundings, beginning);
		return found
			.filter(({ word }) => word.startsWith(beginning))
			.map(({ word, summary }) => ({ word: prefix + word, summary }));
	} catch {
		return [];
	} finally {
		clearTimeout(timer);
	}
}

function wordsOf({ arguments: given, options }: LookUp): Words {
	return {
		arguments: given,
		has: (option) => options.has(option),
		value: (option) => options.get(option),
		values: (option) => [options.get(option)].filter((value) => value !== undefined),
	};
}

/** The lookups of names. */
const names = { services, methods, topics, groups, views, versions, workflows, runs, streams } as const;

async function services(words: Words, surroundings: Surroundings): Promise<Candidate[]> {
	const { Directory } = await import("../discovery/directory.ts");
	const directory = await Directory.open(words, surroundings);
	try {
		const names = (await directory.instances()).flatMap((instance) =>
			instance.services.map(({ name }) => name),
		);
		return [...new Set(names)].sort().map((word) => ({ word, summary: "" }));
	} finally {
		await directory.close();
	}
}

async function methods(words: Words, surroundings: Surroundings): Promise<Candidate[]> {
	const { describedService } = await import("../discovery/described-service.ts");
	const found = await describedService(words.arguments[0] ?? "", words, surroundings);
	try {
		return Object.entries(found.description.methods).map(([word, { summary = "" }]) => ({ word, summary }));
	} finally {
		await found.close();
	}
}

async function topics(words: Words, surroundings: Surroundings): Promise<Candidate[]> {
	const { withBroker } = await import("../broker/opened-broker.ts");
	const found = await withBroker(words, surroundings, (opened) =>
		opened.ask((ctx) => opened.log.topics(ctx)),
	);
	return found.map((word) => ({ word, summary: "" }));
}

/** The groups of the topic in the words before. */
async function groups(words: Words, surroundings: Surroundings): Promise<Candidate[]> {
	const { withBroker } = await import("../broker/opened-broker.ts");
	const found = await withBroker(words, surroundings, (opened) =>
		opened.ask((ctx) => opened.state.groups(ctx)),
	);
	return found
		.filter(({ topic }) => topic === words.arguments[0])
		.map(({ group }) => ({ word: group, summary: "" }));
}

async function views(words: Words, surroundings: Surroundings): Promise<Candidate[]> {
	const found = await viewVersions(words, surroundings);
	return [...new Set(found.map(({ name }) => name))].map((word) => ({ word, summary: "" }));
}

/** The versions of the view in the words before. */
async function versions(words: Words, surroundings: Surroundings): Promise<Candidate[]> {
	const found = await viewVersions(words, surroundings);
	return found
		.filter(({ name }) => name === words.arguments[0])
		.map(({ version }) => ({ word: String(version), summary: "" }));
}

async function viewVersions(words: Words, surroundings: Surroundings): Promise<readonly ViewReport[]> {
	const { withViews } = await import("../views/opened-views.ts");
	return withViews(words, surroundings, (opened) => opened.ask((ctx) => opened.store.versions(ctx)));
}

async function workflows(words: Words, surroundings: Surroundings): Promise<Candidate[]> {
	const { withStore } = await import("../streams/opened-store.ts");
	const { workflowNames } = await import("../workflows/found-run.ts");
	const found = await withStore(words, surroundings, workflowNames);
	return found.map((word) => ({ word, summary: "" }));
}

/** The first hundred names with this beginning, because there may be many. */
async function streams(words: Words, surroundings: Surroundings, beginning: string): Promise<Candidate[]> {
	const { withStore } = await import("../streams/opened-store.ts");
	const found = await withStore(words, surroundings, (opened) =>
		opened.ask((ctx) => opened.store.streams({ prefix: beginning, limit: 100 }, ctx)),
	);
	return found.items.map(({ stream }) => ({ word: stream, summary: "" }));
}

/** The first keys of the workflow in the words before. */
async function runs(words: Words, surroundings: Surroundings): Promise<Candidate[]> {
	const { withStore } = await import("../streams/opened-store.ts");
	const { runKeys } = await import("../workflows/found-run.ts");
	const [workflow = ""] = words.arguments;
	const found = await withStore(words, surroundings, (opened) => runKeys(opened, workflow));
	return found.map((word) => ({ word, summary: "" }));
}
