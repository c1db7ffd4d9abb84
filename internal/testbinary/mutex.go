package testbinary

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os/exec"

	"github.com/seatrial/seatrial/internal/overlay"
)

//go:embed hooks/mutex.go.txt
var mutexHook []byte

// mutexes lets goroutines that wait for a lock count as durably blocked.
//
// Package synctest does not count them, because somebody outside the bubble may
// hold the lock; so the time of a bubble stands still for good when the holder, in
// the bubble, waits for an answer that needs time. Locks that are package variables,
// such as klog's, are those that others may really hold: they stay as they are.
var mutexes = overlay.Overlay{
	Added: map[string][]byte{"runtime/seatrial_mutex.go": mutexHook},
	Changes: append(overlay.LazySeeding(), []overlay.Change{
		{File: "runtime/runtime2.go", Was: "\twaitReasonSynctestSelect:        true,\n", Is: "\twaitReasonSynctestSelect:        true,\n\twaitReasonSyncMutexLock: true,\n\twaitReasonSyncRWMutexRLock: true,\n\twaitReasonSyncRWMutexLock: true,\n"},
		{File: "runtime/sema.go", Was: "skipframes, waitReasonSyncMutexLock)", Is: "skipframes, seatrialReason(addr, waitReasonSyncMutexLock))"},
		{File: "runtime/sema.go", Was: "skipframes, waitReasonSyncRWMutexRLock)", Is: "skipframes, seatrialReason(addr, waitReasonSyncRWMutexRLock))"},
		{File: "runtime/sema.go", Was: "skipframes, waitReasonSyncRWMutexLock)", Is: "skipframes, seatrialReason(addr, waitReasonSyncRWMutexLock))"},
	}...),
	Otherwise: "use the Go release that seatrial's go.mod names (GOTOOLCHAIN), or go test without seatrial, under which a mutex that is held across a call hangs",
}

// Mutexes writes what -overlay of the go command takes into a folder, for tests in
// which waiting for a mutex lets virtual time pass, and returns the file. It is made
// from the sources of the Go release at hand; the error says when they are not
// those that it was written for.
func Mutexes(ctx context.Context, folder string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("asking the go command for its library: %w", err)
	}
	return mutexes.Write(string(bytes.TrimSpace(root)), folder)
}
