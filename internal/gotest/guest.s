//go:build linux && amd64 && seatrial_hooks

// Functions without a body need an assembly file in their package.
