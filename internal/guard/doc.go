// Package guard bounds what a remote server can make an HTTP client do: how long it
// waits, how much it asks at once, where it is led, and which hosts it takes for this
// machine.
package guard
