// Package seatrial is the root of the module; it holds no code. See README.md
// for what the project is, and the packages sim, faults, model, scenarios and
// controller for its parts.
package seatrial
