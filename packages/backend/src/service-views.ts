import type { Context } from "@allium/core";
import { InstanceView, type RegistryEvent, type RegistryFilter } from "@allium/core/registry";

/** Keeps one view up to date while it is watched. */
export interface ViewSource {
	/** Called for the first watcher. It calls nothing of the view before it returns. */
	start(): void;
	/** Called after the last watcher. */
	stop(): void;
}

/**
 * One view for each filter that is watched. A server that can watch a part of its keys is then asked only for watched
 * parts, so that changes elsewhere do not reach this process.
 */
export class ServiceViews {
	readonly #open: (filter: RegistryFilter, view: InstanceView) => ViewSource;
	readonly #views = new Map<string, InstanceView>();
	#closed = false;

	/** @param open makes the source of a view. */
	constructor(open: (filter: RegistryFilter, view: InstanceView) => ViewSource) {
		this.#open = open;
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#viewOf(filter).watch(filter, ctx);
	}

	/** Ends every watch, and every later one at once. */
	close(): void {
		this.#closed = true;
		for (const view of this.#views.values()) view.close();
	}

	/** Views are kept, because there are few filters, and an idle view holds nothing. */
	#viewOf({ namespace, service }: RegistryFilter): InstanceView {
		const key = JSON.stringify([namespace, service]);
		const known = this.#views.get(key);
		if (known !== undefined) return known;
		let source: ViewSource | undefined;
		const view: InstanceView = new InstanceView({
			start: () => {
				source = this.#open(
					{ ...(namespace !== undefined && { namespace }), ...(service !== undefined && { service }) },
					view,
				);
				source.start();
			},
			stop: () => source?.stop(),
		});
		if (this.#closed) view.close();
		this.#views.set(key, view);
		return view;
	}
}
