import { type AnyContract, type Client, createClient, type Publish } from "@allium/core";
import type { EventStore, ViewStore } from "@allium/core/store";
import type { View } from "@allium/events";
import { DeferredEventStore } from "../config/deferred-event-store.ts";
import { DeferredViewStore } from "../config/deferred-view-store.ts";
import { Opening } from "../config/opening.ts";
import type { App } from "./app-type.ts";
import { FailedProcess } from "./failed-process.ts";

/** An app whose configuration cannot be used. It serves nothing, and calls of its clients fail with the mistake. */
export class FailedApp extends FailedProcess implements App {
	serve(): void {}

	subscribe(): void {}

	project<Reader>(view: View<Reader>): Reader {
		return this.view(view);
	}

	view<Reader>(view: View<Reader>): Reader {
		const fails = (): Promise<never> => Promise.reject(this.failure);
		const store = new DeferredViewStore(new Opening<ViewStore>("view store", fails, async () => {}));
		return view["~allium"].read({ store, logger: this.logger, open: fails });
	}

	orchestrate(): void {}

	every(): void {}

	readonly publish: Publish = () => Promise.reject(this.failure);

	readonly events: EventStore = new DeferredEventStore({
		port: undefined,
		opened: () => Promise.reject(this.failure),
		close: () => Promise.resolve(),
	});

	ready(): Promise<void> {
		return Promise.reject(this.failure);
	}

	client<C extends AnyContract>(contract: C): Client<C> {
		return createClient(contract, {
			url: "failed:",
			transports: [],
			middleware: [() => () => Promise.reject(this.failure)],
		});
	}
}
