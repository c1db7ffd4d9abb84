// Package controller is what kubebuilder create api writes, with a Reconcile of its own.
package controller

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	webappv1 "example.com/examples/kubebuilder/api/v1"
)

const finalizer = "webapp.my.domain/page"

// GuestbookReconciler reconciles a Guestbook object
type GuestbookReconciler struct {
	client.Client
	Scheme *runtime.Scheme
}

// Reconcile keeps a ConfigMap with each Guestbook's greeting, and takes it away with it.
func (r *GuestbookReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var book webappv1.Guestbook
	if err := r.Get(ctx, req.NamespacedName, &book); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	page := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: book.Namespace, Name: book.Name}}
	if !book.DeletionTimestamp.IsZero() {
		if err := r.Delete(ctx, page); client.IgnoreNotFound(err) != nil {
			return ctrl.Result{}, err
		}
		controllerutil.RemoveFinalizer(&book, finalizer)
		return ctrl.Result{}, client.IgnoreNotFound(r.Update(ctx, &book))
	}
	if controllerutil.AddFinalizer(&book, finalizer) {
		return ctrl.Result{}, r.Update(ctx, &book)
	}
	_, err := ctrl.CreateOrUpdate(ctx, r.Client, page, func() error {
		page.Data = map[string]string{"greeting": book.Spec.Greeting}
		return controllerutil.SetControllerReference(&book, page, r.Scheme)
	})
	return ctrl.Result{}, err
}

// SetupWithManager sets up the controller with the Manager.
func (r *GuestbookReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&webappv1.Guestbook{}).
		Owns(&corev1.ConfigMap{}).
		Named("guestbook").
		Complete(r)
}
