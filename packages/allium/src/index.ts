import { type App, type AppOptions, createApp } from "@allium/node";

// Publishing and handling events, and `once`, are for services alone: pages would only load them.
export {
	delivery,
	handlerDefaults,
	memoryOnceStore,
	once,
	publishDefaults,
} from "@allium/core";
// So is event sourcing.
export {
	after,
	commands,
	type Decider,
	type DocumentsReader,
	decider,
	documents,
	type EventStore,
	fold,
	handle,
	load,
	on,
	type ProjectionReader,
	projection,
	type Run,
	replayed,
	type View,
	type Workflow,
	workflow,
} from "@allium/events";
export {
	type App,
	type AppOptions,
	memoryBroker,
	memoryEventStore,
	sendWebhook,
	textLogger,
	verifyWebhook,
	webhook,
	webhookSecret,
} from "@allium/node";
export { type ClientOptions, createClient } from "./create-client.ts";
export * from "./portable.ts";

/**
 * Makes an app with the backends that the environment names. If it names none, the app uses SQLite files that all
 * processes of the machine share.
 *
 * @example
 * const app = allium({ name: "greeter" });
 * app.serve(Greeter, greeter);
 * await app.run();
 */
export function allium(options: AppOptions): App {
	return createApp({ ...options, adapters: { sqlite: () => import("@allium/sqlite"), ...options.adapters } });
}
