// Package sample puts a controller in the manner of Kubernetes' sample-controller
// to sea. It was written for client-go 0.29 and lives in a module of its own,
// ../older, which requires that version.
package sample
