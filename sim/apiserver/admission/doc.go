// Package admission decides about writes after they are authorized and before
// they are stored: webhooks, admission policies in CEL, and the plugins of
// kube-apiserver that objects configure (limit ranges, quotas, priorities).
//
// The package is pure: what it must know about the cluster it asks a [World],
// and a webhook is asked through it too. When the World has no answer yet, the
// decision ends with [ErrSuspended]; the caller asks again from the start when
// the answer is there. Nothing here may therefore depend on anything but its
// arguments.
//
// The rules are those of k8s.io/apiserver/pkg/admission, whose compilers,
// matchers and rule predicates do the work; the parts around them that need
// informers (webhook and policy dispatchers) are written here after the real
// ones.
package admission
