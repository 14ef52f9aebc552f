import type { Service } from "allium";
import { Auth } from "./contract.ts";

/** @param accounts the account of each token. In production, tokens expire, and only their hashes are kept. */
export function auth(accounts: ReadonlyMap<string, string>): Service<typeof Auth> {
	return {
		async check({ token }) {
			const account_id = accounts.get(token);
			if (account_id === undefined) throw Auth.check.error.invalid_token();
			return { account_id };
		},
	};
}
