package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// caText is what stands in for the cluster's root certificate, of the right shape.
const caText = "-----BEGIN CERTIFICATE-----\nc2VhdHJpYWw=\n-----END CERTIFICATE-----\n"

// serviceAccounts keeps the ServiceAccount default in each namespace, and fills
// Secrets of type service-account-token. Tokens are no JSON Web Tokens.
func serviceAccounts(pace Controller) part {
	return func(m *manager, _ context.Context) {
		namespaces, accounts, secrets := m.factory.Core().V1().Namespaces(), m.factory.Core().V1().ServiceAccounts(), m.factory.Core().V1().Secrets()
		lister := accounts.Lister()
		c := m.add("serviceaccount", pace, func(ctx context.Context, key string) (time.Duration, error) {
			if _, err := lister.ServiceAccounts(key).Get("default"); err == nil || !isActiveNamespace(namespaces.Lister(), key) {
				return 0, nil
			}
			_, err := m.client.CoreV1().ServiceAccounts(key).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
			return 0, err
		})
		c.watch(namespaces.Informer(), keyOf)
		c.watch(accounts.Informer(), namespaceOf)

		secretLister := secrets.Lister()
		tokens := m.add("serviceaccount-token", pace, func(ctx context.Context, key string) (time.Duration, error) {
			namespace, name := split(key)
			secret, err := secretLister.Secrets(namespace).Get(name)
			if err != nil || secret.Type != corev1.SecretTypeServiceAccountToken || len(secret.Data[corev1.ServiceAccountTokenKey]) > 0 {
				return 0, nil
			}
			account, err := lister.ServiceAccounts(namespace).Get(secret.Annotations[corev1.ServiceAccountNameKey])
			if err != nil {
				return 0, nil // it will be seen when it comes
			}
			next := secret.DeepCopy()
			metav1.SetMetaDataAnnotation(&next.ObjectMeta, corev1.ServiceAccountUIDKey, string(account.UID))
			next.Data = map[string][]byte{
				corev1.ServiceAccountTokenKey:     fmt.Appendf(nil, "token-of-%s-%s-for-%s", namespace, account.Name, secret.UID),
				corev1.ServiceAccountRootCAKey:    []byte(caText),
				corev1.ServiceAccountNamespaceKey: []byte(namespace),
			}
			_, err = m.client.CoreV1().Secrets(namespace).Update(ctx, next, metav1.UpdateOptions{})
			return 0, err
		})
		tokens.watch(secrets.Informer(), keyOf)
		tokens.watch(accounts.Informer(), func(o metav1.Object) []string {
			all, _ := secretLister.Secrets(o.GetNamespace()).List(everything) // of an informer's cache: no error
			var keys []string
			for _, s := range sorted(all, func(s *corev1.Secret) bool { return s.Annotations[corev1.ServiceAccountNameKey] == o.GetName() }) {
				keys = append(keys, name(s))
			}
			return keys
		})
	}
}

// rootCA keeps the ConfigMap kube-root-ca.crt in each namespace.
func rootCA(pace Controller) part {
	return func(m *manager, _ context.Context) {
		const published = "kube-root-ca.crt"
		namespaces, maps := m.factory.Core().V1().Namespaces(), m.factory.Core().V1().ConfigMaps()
		lister := maps.Lister()
		c := m.add("root-ca", pace, func(ctx context.Context, key string) (time.Duration, error) {
			if !isActiveNamespace(namespaces.Lister(), key) {
				return 0, nil
			}
			data := map[string]string{"ca.crt": caText}
			found, err := lister.ConfigMaps(key).Get(published)
			if err != nil {
				_, err := m.client.CoreV1().ConfigMaps(key).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: published}, Data: data}, metav1.CreateOptions{})
				return 0, err
			}
			if len(found.Data) == 1 && found.Data["ca.crt"] == caText {
				return 0, nil
			}
			next := found.DeepCopy()
			next.Data, next.BinaryData = data, nil
			_, err = m.client.CoreV1().ConfigMaps(key).Update(ctx, next, metav1.UpdateOptions{})
			return 0, err
		})
		c.watch(namespaces.Informer(), keyOf)
		c.watch(maps.Informer(), func(o metav1.Object) []string {
			if o.GetName() != published {
				return nil
			}
			return namespaceOf(o)
		})
	}
}

func namespaceOf(o metav1.Object) []string { return []string{o.GetNamespace()} }

func isActiveNamespace(namespaces corelisters.NamespaceLister, name string) bool {
	n, err := namespaces.Get(name)
	return err == nil && n.Status.Phase == corev1.NamespaceActive && n.DeletionTimestamp == nil
}
