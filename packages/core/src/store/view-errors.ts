import { ServiceError } from "../errors/service-error.ts";
import type { ViewDefinition, ViewVersionId } from "./view-store.ts";

/**
 * Checks the name and version of a view, so that every store can keep them.
 *
 * @throws ServiceError `invalid_argument`.
 */
export function checkViewName({ name, version }: ViewVersionId): void {
	if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)) {
		throw new ServiceError({
			code: "invalid_argument",
			message: `a view is named by up to 64 letters, digits, "-" and "_", and begins with a letter; ${JSON.stringify(name)} is none`,
		});
	}
	if (Number.isSafeInteger(version) && version > 0 && version < 1e9) return;
	throw new ServiceError({
		code: "invalid_argument",
		message: `the version of the view ${name} is a positive integer, and not ${String(version)}`,
	});
}

/**
 * Refuses a definition that differs from the one that the store has for the version.
 *
 * @throws ServiceError `failed_precondition`, reason `other_owner` or `other_definition`.
 */
export function checkDefinition(wanted: ViewDefinition, known: ViewDefinition): void {
	if (wanted.owner !== undefined && known.owner !== undefined && wanted.owner !== known.owner) {
		throw otherOwner(known, wanted.owner, known.owner);
	}
	if (wanted.tables !== known.tables || wanted.shape !== known.shape) throw otherDefinition(known);
}

/** Whether the definition by which a version is opened has facts that were not known when it was created. */
export function tellsMore(wanted: ViewDefinition, known: ViewDefinition): boolean {
	const isOwner = known.owner === undefined && wanted.owner !== undefined;
	return isOwner || (known.topics === undefined && wanted.topics !== undefined);
}

/** The error of a version that another app projects. */
function otherOwner({ name, version }: ViewVersionId, other: string, owner: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "other_owner",
		message:
			`the app ${owner} projects version ${version} of the view ${name}, so that ${other} cannot: ` +
			"read it there with app.view(), or give the view another name; " +
			`where an app has another name now, give the view another version, or drop this one: allium views drop ${name} ${version}`,
	});
}

/** The error of a version that was made from another definition. */
function otherDefinition({ name, version }: ViewVersionId): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "other_definition",
		message:
			`version ${version} of the view ${name} was built with other tables, indexes or events; ` +
			`give the view another version, or drop this one: allium views drop ${name} ${version}`,
	});
}

/** The error of a version, or of a build of it, that is not there. */
export function noSuchView({
	name,
	version,
	build,
}: ViewVersionId & { readonly build?: number }): ServiceError {
	const what = build === undefined ? "" : `build ${build} of `;
	return new ServiceError({
		code: "not_found",
		reason: "no_such_view",
		message: `there is no ${what}version ${version} of the view ${name} here`,
	});
}

/** The error of a build that was never built to its end. */
export function notBuilt({ name, version, build }: ViewVersionId & { readonly build: number }): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "not_built",
		message: `build ${build} of version ${version} of the view ${name} has not all events yet, and cannot be read`,
	});
}

/** The error of SQL where a store has none. */
export function noSql(location: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "not_offered",
		message: `the view store ${location} keeps documents alone, and takes no SQL; set ALLIUM_VIEWS to sqlite: or postgres:`,
	});
}

/** The error of a lease that is not the latest. */
export function viewLeaseLost({ name, version }: ViewVersionId): ServiceError {
	return new ServiceError({
		code: "aborted",
		reason: "lease_lost",
		message: `another process works on version ${version} of the view ${name} now, or it was dropped`,
	});
}
