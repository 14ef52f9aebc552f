import { type AnyContract, type Client, createClient, type Publish } from "@allium/core";
import type { App } from "./app-type.ts";
import { FailedProcess } from "./failed-process.ts";

/** An app whose configuration cannot be used. It serves nothing, and calls of its clients fail with the mistake. */
export class FailedApp extends FailedProcess implements App {
	serve(): void {}

	subscribe(): void {}

	readonly publish: Publish = () => Promise.reject(this.failure);

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
