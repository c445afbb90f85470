package kubetest_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	authv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/remotecommand"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// TestFaultsReachTheClient proves each fault by what client-go makes of it,
// its well-known mistake of taking a missing status for success included.
func TestFaultsReachTheClient(t *testing.T) {
	for _, tc := range []struct {
		name    string
		fault   kubetest.Fault
		wantErr string // "" is success
	}{
		{"cut in the output", kubetest.Fault{Break: kubetest.Cut, After: 1000}, "unexpected EOF"},
		{"reset in the output", kubetest.Fault{Break: kubetest.Reset, After: 1000}, "connection reset"},
		{"no status", kubetest.Fault{Break: kubetest.NoStatus}, ""},
		{"abnormal close", kubetest.Fault{Break: kubetest.Abnormal}, "unexpected EOF"},
		{"split status", kubetest.Fault{Break: kubetest.SplitStatus}, "exit code 3"},
		{"slow", kubetest.Fault{Break: kubetest.Slow, Delay: time.Millisecond}, "exit code 3"},
		{"refusal", kubetest.Fault{Code: 429, RetryAfter: time.Second}, "Too Many Requests"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			everyPath(t, func(t *testing.T, s *kubetest.Server, transport string) {
				tc.fault.On = "exec"
				s.Faults().Set(tc.fault)
				ex := executor(t, s, transport, &corev1.PodExecOptions{
					Command: []string{"sh", "-c", "yes | head -c 5000; exit 3"}, Stdout: true,
				})
				var out bytes.Buffer
				err := ex.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdout: &out})
				if transport == "spdy" && tc.fault.Code == 0 && tc.wantErr != "exit code 3" {
					if err != nil {
						t.Errorf("err = %v: client-go over SPDY has learnt to notice", err)
					}
					return
				}
				switch {
				case tc.wantErr == "" && err != nil:
					t.Errorf("err = %v, want none", err)
				case tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)):
					t.Errorf("err = %v, want %q", err, tc.wantErr)
				}
			})
		})
	}
}

func TestDenyAnswersRequestsAndReviews(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	s.Put(kubetest.Pod("default", "web-0"))
	s.Deny(kubetest.Rule{Verb: "create", Resource: "pods/exec"}, kubetest.Rule{Verb: "list", Resource: "secrets", Namespace: "default"})
	c := client(t, s)
	if _, err := c.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("listing secrets: %v, want forbidden", err)
	}
	if _, err := c.CoreV1().Secrets("other").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("listing secrets elsewhere: %v", err)
	}
	for verb, want := range map[string]bool{"create": false, "get": true} {
		review, err := c.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authv1.SelfSubjectAccessReview{
			Spec: authv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authv1.ResourceAttributes{
				Namespace: "default", Verb: verb, Resource: "pods", Subresource: "exec",
			}},
		}, metav1.CreateOptions{})
		if err != nil || review.Status.Allowed != want {
			t.Errorf("%s pods/exec: %v, %v; want %v", verb, review.Status.Allowed, err, want)
		}
	}
}
