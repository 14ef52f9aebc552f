import type { Log } from "@allium/core/event";
import type { BackendSetup } from "../suite/backend-lab.ts";

/** The backend that one test of a log runs against. */
export interface LogSetup extends BackendSetup<Log> {
	/** Puts a text into a lane of a topic that is open, as a program does that is not Allium's. */
	readonly putText?: (topic: string, lane: number, text: string) => Promise<void>;
	/** Makes the backend remove expired events now, if it does so only from time to time. */
	readonly retain?: () => Promise<void>;
	/**
	 * The program that the suite runs as separate publishers, which it kills: the module that exports `broker(url,
	 * options)`, by `import.meta.resolve("./index.ts")`, and the URL. The broker has a `log`.
	 */
	readonly program?: { readonly module: string; readonly url: string };
}

/** An ability that only some logs have. */
export type LogAbility = "target" | "outage" | "putText" | "program";

/** Why a test is skipped without the ability. */
export const withoutLogAbility: Readonly<Record<LogAbility, string>> = {
	target: "the setup names no target to put a proxy in front of",
	outage: "the setup cannot kill and restart the server",
	putText: "the setup cannot put texts of strangers into a topic",
	program: "the setup names no program for processes of their own",
};
