import { connectionFailure, excerpt, strangerAt } from "@allium/backend";
import { isServiceError, type ServiceError } from "@allium/core";
import { refusal, unavailable } from "@allium/core/adapter";

/** How the client library ends the error of an answer that it cannot read. */
const unreadable = "Please report this.";
/** The beginnings of errors by which Redis refuses a user or a password. */
const refusedLogin = /^(WRONGPASS|NOAUTH|ERR invalid password)/;
const needlessLogin = /^ERR .*(no password is set|without any password configured)/;
/** The errors of a cluster's node for keys that other nodes have. */
const ofCluster = /^(MOVED|ASK|CROSSSLOT|CLUSTERDOWN)/;
/** The beginnings of errors that may pass: Redis loads its data, is busy, follows another server, or has no room. */
const passing = /^(LOADING|BUSY|TRYAGAIN|MASTERDOWN|READONLY|NOREPLICAS|OOM|MISCONF|UNKILLABLE)/;

/** The failure of a connection or a command, as one sentence that says what to do. */
export function failure(error: unknown, place: string): ServiceError {
	if (isServiceError(error)) return error;
	if (!(error instanceof Error)) return connectionFailure("Redis", place, error);
	if (error.message.endsWith(unreadable)) {
		return strangerAt("Redis", place, "it does not speak the protocol of Redis");
	}
	return error.name === "ReplyError" ? refused(error, place) : connectionFailure("Redis", place, error);
}

/** Whether Redis does not know a script, because it has not run there yet. */
export function isScriptMissing(error: unknown): boolean {
	return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

function refused(error: Error, place: string): ServiceError {
	const said = excerpt(error.message);
	if (refusedLogin.test(said)) {
		return refusal(
			`Redis at ${place} refuses the user or the password (${said}): give them with redis://USER:PASSWORD@…, or redis://:PASSWORD@… where there are no users`,
			error,
		);
	}
	if (needlessLogin.test(said)) {
		return refusal(
			`Redis at ${place} asks for no password (${said}): leave it out of the URL, or set one in Redis`,
			error,
		);
	}
	if (said.startsWith("NOPERM")) {
		return refusal(
			`Redis at ${place} does not let this user do what Allium needs (${said}): grant it, as the guide to Redis shows`,
			error,
		);
	}
	if (ofCluster.test(said)) {
		return refusal(`Redis at ${place} is a node of a cluster (${said}): name a server that is none`, error);
	}
	if (said.includes("DB index is out of range")) {
		return refusal(
			`Redis at ${place} has no such database (${said}): name another after the slash of the URL`,
			error,
		);
	}
	if (passing.test(said)) return unavailable(`Redis at ${place} fails: ${said}`, error);
	return refusal(`Redis at ${place} refuses a command: ${said}`, error);
}
