import type { ViewReport } from "@allium/core/store";
import type { Words } from "../command/command.ts";
import { CommandError, notFound, usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { unknownName } from "../discovery/unknown-name.ts";
import type { OpenedViews } from "./opened-views.ts";

/**
 * The version that the first two arguments name; without the second, the newest.
 *
 * @throws CommandError that names the existing views or versions.
 */
export async function viewNamed(words: Words, opened: OpenedViews): Promise<ViewReport> {
	const [name = "", version] = words.arguments;
	const wanted = version === undefined ? undefined : numbered("version", version);
	const all = await opened.ask((ctx) => opened.store.versions(ctx));
	const versions = all.filter((view) => view.name === name);
	if (versions.length === 0) throw unknownView(opened, name, all);
	const found = wanted === undefined ? versions.at(-1) : versions.find((view) => view.version === wanted);
	if (found !== undefined) return found;
	const known = versions.map((view) => view.version).join(", ");
	throw notFound(`The view ${name} has no version ${wanted} in ${opened.url}.`, [
		`It has ${versions.length === 1 ? "version" : "the versions"} ${known}.`,
	]);
}

/**
 * As {@link viewNamed}.
 *
 * @throws CommandError also for a version that the store cannot read.
 */
export async function readableView(words: Words, opened: OpenedViews): Promise<ViewReport> {
	const view = await viewNamed(words, opened);
	if (view.fault === undefined) return view;
	throw new CommandError(`${view.fault}.`, exitCode.failed, { code: "failed_precondition" });
}

/** Makes the error for a view that does not exist. */
export function unknownView({ url }: OpenedViews, name: string, all: readonly ViewReport[]): Error {
	const names = all.map((view) => view.name);
	return unknownName(`${url} has no view ${JSON.stringify(name)}`, name, names, noViews(url));
}

/** The sentence that tells that there are no views. */
export function noViews(url: string): string {
	return `There is no view in ${url}: an app makes those that it projects when it starts.`;
}

/** The number of a version or a build. */
export function numbered(what: string, text: string): number {
	if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
	throw usageError(`The ${what} is a positive integer, and not ${JSON.stringify(text)}.`);
}

/** The build that an argument names. */
export function buildNamed({ name, version, builds }: ViewReport, text: string): number {
	const wanted = numbered("build", text);
	if (builds.some(({ build }) => build === wanted)) return wanted;
	const known = builds.map(({ build }) => build).join(", ");
	throw notFound(`Version ${version} of the view ${name} has no build ${wanted}.`, [
		`It has ${builds.length === 1 ? "build" : "the builds"} ${known}.`,
	]);
}
