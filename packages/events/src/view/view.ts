import type { Context, Logger } from "@allium/core";
import type { TopicLog } from "@allium/core/event";
import type { ViewStore } from "@allium/core/store";

/** The log that has the events of a topic. */
export interface ViewLog {
	readonly topic: TopicLog;
	/** The identity of the log, which positions contain. Undefined if the log does not belong to an event store. */
	readonly identity?: string | undefined;
}

/** The backends and settings on which a view runs. An app provides them. */
export interface ViewHost {
	readonly store: ViewStore;
	readonly logger: Logger;
	/** The only app that may project its views. Default: any app may. */
	readonly owner?: string;
	/**
	 * The log that has the events of a topic.
	 *
	 * Rejects with `failed_precondition` where the broker keeps no events.
	 */
	open(topic: string, ctx: Context): Promise<ViewLog>;
	/** How long a process may be silent until another takes over its views, in milliseconds. Default: 5 s. */
	readonly ttlMs?: number;
}

/** The state of a view. A fact that is not known is missing. */
export interface ViewStatus {
	/** Whether it can be read. */
	readonly isBuilt: boolean;
	/** The events that are not in the view yet. */
	readonly lag?: number;
	/** The age of the oldest of these events, in seconds; 0 if there is none. */
	readonly lagSeconds?: number;
	/** The number of documents whose event failed. */
	readonly parked?: number;
	/** The reason why the view does not go on, and the remedy. */
	readonly trouble?: string;
}

/** A view that is built and kept up to date by this process, or by another of the same app. */
export interface RunningView {
	/** Such as `standings.3`. */
	readonly name: string;
	/** Begins. Rejects when the store refuses the view. */
	start(ctx: Context): Promise<void>;
	/** Stops at once. Another process goes on. */
	stop(): Promise<void>;
	status(ctx: Context): Promise<ViewStatus>;
}

/**
 * A view: data for reading, made from events. It is a plain value: `app.project(view)` runs it and `app.view(view)`
 * reads it.
 */
export interface View<Reader> {
	readonly name: string;
	readonly version: number;
	/** @internal */
	readonly "~allium": {
		/** The contracts whose events it is made from. */
		readonly topics: readonly string[];
		run(host: ViewHost): RunningView;
		read(host: ViewHost): Reader;
	};
}
