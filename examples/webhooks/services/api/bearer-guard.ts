import { contextKey, type Guard, isError, type Service, ServiceError } from "allium";
import { Auth } from "../auth/contract.ts";

/** The account of the caller. */
export const ownAccount = contextKey<string>("own account");

/** Lets in callers whose bearer token the auth service knows. */
export function bearerGuard(auth: Service<typeof Auth>): Guard {
	return async ({ metadata }, ctx) => {
		const [, token = ""] = /^Bearer (.+)$/i.exec(metadata.get("authorization") ?? "") ?? [];
		try {
			const { account_id } = await auth.check({ token }, ctx);
			return ctx.withValue(ownAccount, account_id);
		} catch (error) {
			if (!isError(error, Auth.check.error.invalid_token)) throw error;
			throw new ServiceError({ code: "unauthenticated", message: "a valid bearer token, please" });
		}
	};
}
