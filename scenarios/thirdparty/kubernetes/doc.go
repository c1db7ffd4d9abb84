// Package kubernetes puts controllers of kube-controller-manager to sea, each made by its
// own constructor. Trials are no test files, so that modules of older versions can run them.
package kubernetes
