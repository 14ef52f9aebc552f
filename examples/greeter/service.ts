import type { Service } from "allium";
import type { Greeter } from "./contract.ts";

export const greeter: Service<typeof Greeter> = {
	async hello({ name }) {
		return { greeting: `Hello ${name}` };
	},
};
