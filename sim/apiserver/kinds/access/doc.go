// Package access has the kinds that say who may do what: roles and their
// bindings, reviews, certificates, admission webhooks and policies, flow control.
package access
