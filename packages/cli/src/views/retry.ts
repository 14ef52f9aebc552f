import type { Run, Words } from "../command/command.ts";
import { CommandError, notFound, usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { heldBuilds } from "./held-builds.ts";
import { withViews } from "./opened-views.ts";
import { buildNamed, readableView } from "./view-named.ts";

/** `allium views retry <view> [version]` */
export const retry: Run = (words, surroundings) => {
	const keys = keysOf(words);
	return withViews(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const view = await readableView(words, opened);
		const { name, version, builds } = view;
		const wanted = words.value("build");
		const build = wanted === undefined ? (view.live ?? builds.at(-1)?.build) : buildNamed(view, wanted);
		if (build === undefined) throw noBuild(name, version);
		const count = await opened.ask((ctx) => opened.store.build({ name, version, build }).retry(keys, ctx));
		if (count === 0 && keys !== "all") throw notParked(keys, name, version, build);
		if (words.has("json")) {
			await terminal.print(JSON.stringify({ name, version, build, retried: count }));
			return exitCode.ok;
		}
		const isHeld = (await heldBuilds(opened, view, terminal)).includes(build);
		await terminal.print(sentence(count, `build ${build} of version ${version} of the view ${name}`, isHeld));
		return exitCode.ok;
	});
};

function keysOf(words: Words): readonly string[] | "all" {
	const keys = words.values("key");
	if (words.has("all") !== keys.length > 0) return words.has("all") ? "all" : keys;
	const fault = keys.length === 0 ? "Say which documents are meant" : "Only one of these can be given";
	throw usageError(`${fault}: --key <key> or --all.`, ["allium views show lists the keys that are parked."]);
}

function notParked(keys: readonly string[], name: string, version: number, build: number): CommandError {
	return notFound(
		`Build ${build} of version ${version} of the view ${name} has not parked ${keys.join(", ")}.`,
		[`allium views show ${name} ${version} lists the keys that are parked.`],
	);
}

function noBuild(name: string, version: number): CommandError {
	return new CommandError(`Version ${version} of the view ${name} has no build yet.`, exitCode.failed);
}

function sentence(count: number, where: string, isHeld: boolean): string {
	if (count === 0) return `Nothing is parked in ${where}.`;
	const documents = count === 1 ? "1 document" : `${count} documents`;
	if (isHeld) return `${documents} of ${where} ${count === 1 ? "is" : "are"} tried again now.`;
	return `${documents} of ${where} will be tried again when a process works on it: none does now. Start the app that projects the view.`;
}
