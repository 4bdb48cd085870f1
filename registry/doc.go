// Package registry puts artifacts into an OCI registry and gets them back.
//
// A [Client] talks to one registry, and its credentials are sent to that
// registry and its token service only. [Client.Push] copies an artifact from a
// content store and sets the tags last, and [Client.Target] says beforehand what
// the tags point to; [Client.VerifyAccess] finds out whether
// a push would be allowed, without leaving anything behind; [Client.Resolve],
// [Client.Exists] and [Client.Pull] read.
//
// A push ends in one of two ways: the artifact is there, complete and under its
// tags, or an error says why not. What may pass is tried again, see [Retry]; what
// is silent is given up; and everything is done within [Options.Timeout].
//
// Errors are [*Error] values that match one of the package's sentinels, found
// from status codes and error types and never from the text of a message.
// Neither errors nor anything the package's types print holds a secret or the
// query of a URL.
package registry
