import type { Service } from "allium";
import { NewService } from "./contract.ts";

interface Item {
	readonly id: string;
	readonly name: string;
	readonly cents: number;
	left: number;
}

/** The business logic: plain functions, no transport in sight. It keeps the items in memory. */
export function itemService(): Service<typeof NewService> {
	const items = new Map<string, Item>();
	return {
		async add(input) {
			const item = { id: crypto.randomUUID(), ...input };
			items.set(item.id, item);
			return item;
		},
		async get({ id }) {
			const item = items.get(id);
			if (item === undefined) throw NewService.get.error.no_such_item();
			return item;
		},
		async list({ limit }) {
			return [...items.values().take(limit)];
		},
		async buy({ id, count }) {
			const item = items.get(id);
			if (item === undefined) throw NewService.buy.error.no_such_item();
			if (item.left < count) throw NewService.buy.error.too_few({ left: item.left });
			item.left -= count;
			return item;
		},
	};
}
