/**
 * What transports in other packages are made of: `@allium/core/transport`. Services and clients do not need it.
 */
export { type ClientEndpoints, clientEndpoints } from "./client/client.ts";
export { fromBase64, toBase64 } from "./codec/base64.ts";
export { CallScope, succeeded } from "./context/call-scope.ts";
export { Cancellation, canceled, deadlineExceeded } from "./context/cancellation.ts";
export { mapStream } from "./endpoint/map-stream.ts";
export { codeFromNumber, codeNumber } from "./errors/code.ts";
export { type DetailFacts, type ErrorDetail, errorDetails, readErrorDetails } from "./errors/details.ts";
export { type Origin, serviceErrorFrom } from "./errors/service-error.ts";
export { clientClosed, unreachable } from "./transport/frames/client-call.ts";
export { tooLarge as messageTooLarge } from "./transport/frames/inbound.ts";
