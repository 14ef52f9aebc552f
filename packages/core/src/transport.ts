/**
 * The building blocks of transports and adapters in other packages: `@allium/core/transport`. Services and clients do
 * not need it.
 */

export { type ClientEndpoints, clientEndpoints } from "./client/client.ts";
export { followRegistry, type RegistryFollower } from "./client/follow-registry.ts";
export { methodOf } from "./client/method-of.ts";
export type { ObservedPeer, PeerShare } from "./client/observed-peer.ts";
export { PeerPool, type ShareOptions } from "./client/peer-pool.ts";
export { callIdName, withArrivedCallId, withCallId } from "./context/call-id.ts";
export { CallScope, succeeded } from "./context/call-scope.ts";
export {
	Cancellation,
	callIsOver,
	canceled,
	deadlineExceeded,
	type Follower,
	type Following,
	isPlainDeadline,
} from "./context/cancellation.ts";
export { withCause } from "./context/cause.ts";
export { positionName } from "./context/position-name.ts";
export { sleep } from "./context/sleep.ts";
export { isDeclared } from "./contract/declared-error.ts";
export type { Json } from "./contract/json.ts";
export { Reflection } from "./contract/reflection.ts";
export { securityOf } from "./contract/security.ts";
export { fromBase64, toBase64 } from "./encoding/base64.ts";
export { uuidv7 } from "./encoding/uuid.ts";
export { checkedChain, trusted } from "./endpoint/checked-chain.ts";
export { whileLasts } from "./endpoint/detached-call.ts";
export { guardsOperations, securityOfGuard } from "./endpoint/guard.ts";
export { abandon, leave } from "./endpoint/leave-stream.ts";
export { mapStream } from "./endpoint/map-stream.ts";
export { isBackendError } from "./errors/backend-error.ts";
export { codeFromNumber, codeNumber } from "./errors/code.ts";
export { type DetailFacts, type ErrorDetail, errorDetails, readErrorDetails } from "./errors/details.ts";
export { isMistake, kindOf, Mistake } from "./errors/mistake.ts";
export { type Origin, serviceErrorFrom } from "./errors/service-error.ts";
export { isRefusal } from "./errors/trouble.ts";
export { checkedLogger } from "./logger/checked-logger.ts";
export { SparingLog } from "./logger/sparing-log.ts";
export { askGuard } from "./service/ask-guard.ts";
export { type ChangeListener, ChangeListeners } from "./service/change-listeners.ts";
export { isServerStopping, OpenStreams } from "./service/open-streams.ts";
export { type IncomingCall, ServerCall, unimplemented } from "./service/server-call.ts";
export { SdkInstruments } from "./telemetry/sdk-instruments.ts";
export { Backoff, type BackoffBounds, type BackoffOptions } from "./time/backoff.ts";
export { checkDuration, type DurationKind } from "./time/duration.ts";
export { afterSilence } from "./time/silence.ts";
export { after, every, longestDelayMs, type Timer } from "./time/timer.ts";
export { Deadlines, type Expiring } from "./transport/deadlines.ts";
export { IncomingMessages, type MessageSource } from "./transport/incoming-messages.ts";
export { LinkedList, type Place } from "./transport/linked-list.ts";
export { decodeBytes } from "./transport/message-text.ts";
export { type CallObserver, type ObservedEndpoint, observeCalls } from "./transport/observe-calls.ts";
export { ownDeadline } from "./transport/own-deadline.ts";
export { type ByteHandling, type Pipe, type PipeHandler, standardBytes } from "./transport/pipe.ts";
export type {
	Acceptor,
	Dialer,
	DialOptions,
	Listener,
	ListenOptions,
	Peer,
	Transport,
} from "./transport/transport.ts";
export { clientClosed, messageTooLarge, notCarried, unreachable } from "./transport/transport-errors.ts";
export { type Ways, waysOf } from "./transport/ways.ts";
