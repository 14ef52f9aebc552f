import { appIdentity } from "../context/app-identity.ts";
import type { Instance } from "./instance.ts";

/**
 * The identity that the process at the addresses of an instance has to prove: that of the app which registered it.
 * Undefined where no process registered it, but somebody else listed its addresses. Then the registry knows neither
 * when it started nor which app it is.
 */
export function instanceIdentity({ namespace, app, startedAt }: Instance): string | undefined {
	return startedAt === "" ? undefined : appIdentity({ namespace, app });
}
