// Package registry pushes artifacts to an OCI registry and pulls them.
//
// A [Client] talks to one registry, and sends its credentials to that registry and
// its token service only. [Client.Push] copies an artifact from a content store and
// sets the tags last. [Client.Lookup] reports beforehand what the tags point to, and
// returns the [Destination] to push to. [Client.VerifyAccess] checks whether a push
// would be allowed, without leaving anything behind. [Client.Resolve],
// [Client.Exists] and [Client.Pull] read.
//
// A push ends in one of two ways: the artifact is there, complete and under its
// tags, or an error gives the reason. Transient failures are retried (see
// [RetryPolicy]), stalled connections are abandoned, and each call is bounded by
// [Options.Timeout].
//
// Errors of a request are [*Error] values that match at most one of the package's
// sentinels. They are classified by status codes and error types, never by the text of a
// message. Arguments are checked before any request: an illegal repository, tag or digest is
// a [*reference.Error], and anything else that is wrong with the arguments or options matches
// [ErrInvalidOptions] or [ErrInvalidCredential], except that a nil context has an error of its
// own.
//
// [Error.Hint] returns advice, and [Error.Retryable] reports whether the same call may
// succeed later. Neither errors nor the printed forms of the package's types hold a
// secret or the query of a URL.
package registry
