package controller

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// errorClass sorts API errors by what can be done about them. It labels
// metrics and words conditions, whose text must not change with every attempt.
type errorClass string

const (
	classTimeout   errorClass = "timeout"   // no answer in time: the outcome of a write is unknown
	classThrottled errorClass = "throttled" // 429
	classServer    errorClass = "server"    // 5xx
	classConflict  errorClass = "conflict"  // somebody else wrote first, or the cache is behind
	classForbidden errorClass = "forbidden" // 401, 403
	classInvalid   errorClass = "invalid"   // 400, 422
	classNotFound  errorClass = "not-found" // the object, or its whole kind
	classNetwork   errorClass = "network"   // no answer: refused, reset, cut off
	classCanceled  errorClass = "canceled"  // the controller is stopping
	classExhausted errorClass = "exhausted" // no free address
	classInternal  errorClass = "internal"  // not from the API server
)

func classify(err error) errorClass {
	var status apierrors.APIStatus

	switch {
	case errors.Is(err, errPoolExhausted):
		return classExhausted
	case errors.Is(err, context.Canceled):
		return classCanceled
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return classTimeout
	case apierrors.IsTooManyRequests(err):
		return classThrottled
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return classConflict
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return classForbidden
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return classInvalid
	case apierrors.IsNotFound(err):
		return classNotFound
	case errors.As(err, &status):
		return classServer
	}

	var call *callError
	if errors.As(err, &call) {
		return classNetwork
	}

	return classInternal
}

// lasting reports whether only a change of objects or permissions can help, so
// that there is no point in waiting before reporting it.
func (c errorClass) lasting() bool {
	return c == classForbidden || c == classInvalid || c == classExhausted
}

// quiet reports whether the error is part of normal work, and tells nothing
// about the allocation.
func (c errorClass) quiet() bool {
	return c == classConflict || c == classCanceled
}

// callError is a failed API call: which call, to what.
type callError struct {
	verb, kind, namespace, name string
	err                         error
}

func (e *callError) Error() string {
	return fmt.Sprintf("%s: %v", e.call(), e.err)
}

func (e *callError) Unwrap() error { return e.err }

// call names the call without its outcome: "get Service default/nginx".
func (e *callError) call() string {
	if e.namespace == "" {
		return fmt.Sprintf("%s %s %s", e.verb, e.kind, e.name)
	}

	return fmt.Sprintf("%s %s %s/%s", e.verb, e.kind, e.namespace, e.name)
}

// stepError is a failed step of acquiring, with the reason that the Allocated
// condition gives for it.
type stepError struct {
	reason string
	err    error
}

func (e *stepError) Error() string { return e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

func stepFailed(reason string, err error) error {
	if err == nil {
		return nil
	}

	return &stepError{reason: reason, err: err}
}

var (
	// errPoolExhausted: no address is free. The key waits to be woken.
	errPoolExhausted = errors.New("insufficient IPs available for allocation")
	// errCacheBehind: a quorum read contradicts the cache. Nothing was
	// changed; the watch will deliver what the read saw.
	errCacheBehind = errors.New("the cache is behind the API server")
	// errAwaitingDeletion: an object is on its way out. Its deletion event
	// brings the key back.
	errAwaitingDeletion = errors.New("waiting for an object to be deleted")
)
