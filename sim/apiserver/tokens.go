package apiserver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/utils/ptr"
)

// Tokens of service accounts are JSON web tokens, signed with a key that comes
// from the seed: good for this server and for nothing else.

const (
	tokenIssuer = "https://kubernetes.default.svc"
	// defaultTokenSeconds is how long a token lives that is not asked for longer.
	defaultTokenSeconds = 3600
	minTokenSeconds     = 600
)

// tokenClaims are the claims of a token that the server looks at.
type tokenClaims struct {
	Audience   []string `json:"aud"`
	Expires    int64    `json:"exp"`
	IssuedAt   int64    `json:"iat"`
	Issuer     string   `json:"iss"`
	ID         string   `json:"jti"`
	Kubernetes struct {
		Namespace      string `json:"namespace"`
		ServiceAccount struct {
			Name string `json:"name"`
			UID  string `json:"uid"`
		} `json:"serviceaccount"`
	} `json:"kubernetes.io"`
	NotBefore int64  `json:"nbf"`
	Subject   string `json:"sub"`
}

var serviceAccountResource = schema.GroupResource{Resource: "serviceaccounts"}

// createToken answers POST serviceaccounts/NAME/token.
func (c *call) createToken() {
	f, err := c.negotiated()
	request := &authenticationv1.TokenRequest{}
	if err == nil {
		err = c.decodeInto(request, authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"))
	}
	if err != nil {
		c.fail(err)
		return
	}
	account := c.res.objects[objectKey(c.info.Namespace, c.info.Name)]
	if account == nil {
		c.fail(c.notFound())
		return
	}
	spec := &request.Spec
	spec.ExpirationSeconds = ptr.To(ptr.Deref(spec.ExpirationSeconds, defaultTokenSeconds))
	if *spec.ExpirationSeconds < minTokenSeconds {
		gk := authenticationv1.SchemeGroupVersion.WithKind("TokenRequest").GroupKind()
		c.fail(apierrors.NewInvalid(gk, request.Name, field.ErrorList{field.Invalid(field.NewPath("spec", "expirationSeconds"), *spec.ExpirationSeconds, "may not specify a duration less than 10 minutes")}))
		return
	}
	if len(spec.Audiences) == 0 {
		spec.Audiences = []string{tokenIssuer}
	}
	expires := c.server.now().Add(time.Duration(*spec.ExpirationSeconds) * time.Second)
	request.Name, request.Namespace = c.info.Name, c.info.Namespace
	request.CreationTimestamp = metav1.NewTime(c.server.now())
	request.Status = authenticationv1.TokenRequestStatus{Token: c.server.sign(c.claims(account, spec.Audiences, expires)), ExpirationTimestamp: metav1.NewTime(expires)}
	request.SetGroupVersionKind(authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"))
	c.respond(http.StatusCreated, contentTypes[f.encoding], encodeMeta(request, f.encoding))
}

func (c *call) claims(account *object, audiences []string, expires time.Time) tokenClaims {
	claims := tokenClaims{
		Audience: audiences, Expires: expires.Unix(), IssuedAt: c.server.now().Unix(), NotBefore: c.server.now().Unix(), Issuer: tokenIssuer,
		ID:      c.server.uuid("token", account.key, c.number),
		Subject: serviceaccount.MakeUsername(account.meta.GetNamespace(), account.meta.GetName()),
	}
	claims.Kubernetes.Namespace = account.meta.GetNamespace()
	claims.Kubernetes.ServiceAccount.Name, claims.Kubernetes.ServiceAccount.UID = account.meta.GetName(), string(account.meta.GetUID())
	return claims
}

func (s *Server) sign(claims tokenClaims) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(fmt.Sprintf("apiserver: encode: claims: %v", err))
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload)
	return text + "." + encode(s.signature(text))
}

func (s *Server) signature(text string) []byte {
	key := s.hash("token key", "", 0)
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Authenticate tells whose token this is: it must be one that this server has
// issued, not have expired, and its service account must still be there.
func (s *Server) Authenticate(token string) (user.Info, bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return nil, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil || !hmac.Equal(signature, s.signature(token[:i])) {
		return nil, false
	}
	_, encoded, _ := strings.Cut(token[:i], ".")
	payload, err := base64.RawURLEncoding.DecodeString(encoded)
	var claims tokenClaims
	if err != nil || json.Unmarshal(payload, &claims) != nil || s.now().Unix() >= claims.Expires {
		return nil, false
	}
	account := claims.Kubernetes
	o := s.resources[serviceAccountResource].objects[objectKey(account.Namespace, account.ServiceAccount.Name)]
	if o == nil || string(o.meta.GetUID()) != account.ServiceAccount.UID {
		return nil, false
	}
	return ServiceAccount(account.Namespace, account.ServiceAccount.Name), true
}
