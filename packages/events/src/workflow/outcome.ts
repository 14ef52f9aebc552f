import { isServiceError, ServiceError } from "@allium/core";
import type { KeptEvent } from "./journal-entry.ts";
import { type RecordedError, recordedError } from "./recorded-error.ts";

/** How an execution ended. */
export type Outcome =
	/** It waits for something. If there are no steps, the code awaits something other than a step. */
	| { readonly is: "blocked"; readonly steps: readonly string[] }
	| { readonly is: "ended"; readonly cancelled: boolean }
	/** The version is that of the start event. */
	| {
			readonly is: "restarted";
			readonly data: unknown;
			readonly version: number;
			readonly received: readonly KeptEvent[];
	  }
	| { readonly is: "parked"; readonly step?: string; readonly error: RecordedError }
	/** Another process ended or restarted the run. */
	| { readonly is: "overtaken" }
	/** The run belongs to this process no longer, or the process stops. */
	| { readonly is: "interrupted" };

/** Any error as one that can be recorded. */
export function asServiceError(error: unknown): ServiceError {
	if (isServiceError(error)) return error;
	const message = error instanceof Error ? error.message : "unknown";
	return new ServiceError({ code: "internal", message, cause: error });
}

/** Why a run is parked whose code threw. */
export function thrownError(thrown: unknown): RecordedError {
	const error = recordedError(asServiceError(thrown));
	return { ...error, message: `the workflow threw: ${error.message}` };
}

/** Why a run is parked whose code asks for another step than its journal has. */
export function cannotFollow(asked: string, recorded: string): RecordedError {
	return {
		code: "failed_precondition",
		reason: "cannot_follow",
		message: `the code asks for the step "${asked}", which is not recorded, while "${recorded}" is recorded and was not asked for: it is not the code that wrote this journal; give the workflow a new version, and keep the old code in "versions"`,
	};
}

/** Why a run is parked whose code waits for something that no journal knows of. */
export const foreignAwait: RecordedError = {
	code: "failed_precondition",
	reason: "foreign_await",
	message:
		"the workflow awaits something that is not a step of its run, which would not be the same when it runs again; put it into run.step()",
};
