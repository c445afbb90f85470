package registrytest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Auth is how a server knows its users.
type Auth string

// How servers know their users. [User] and [Password] are those of the one there is.
const (
	Open   Auth = ""       // everybody may do everything
	Basic  Auth = "basic"  // htpasswd
	Bearer Auth = "bearer" // tokens of [Server.Tokens]
)

// The one user.
const (
	User     = "tester"
	Password = "a-password-of-the-tests"
)

// htpasswd is User and Password, hashed as cheaply as bcrypt allows.
const htpasswd = "tester:$2y$04$/2Kb6ZMbeLDzntF5Y7BKc.0k2ysJvq9yc/Y1p.I4AVCwd2El/rgyS\n"

// Options say how a server runs. The zero value is one that deletes and asks for no
// credentials, over plain HTTP.
type Options struct {
	NoDelete bool
	ReadOnly bool
	Auth     Auth
	TLS      bool     // with a certificate for 127.0.0.1 and registry.example, see [Server.CA]
	Root     string   // folder for its content; "": one that ends with the test
	Env      []string // NAME=value, such as REGISTRY_LOG_LEVEL=info
	Schema1  bool     // V2: serve and take Docker's format of before 2016
	NoCache  bool     // do not remember blobs, as the usual configuration does

	// NoMaintenance leaves the section storage.maintenance out, as the official images
	// do: ReadOnly then does nothing, and uploads are purged after a week.
	NoMaintenance bool

	// Extra is appended to the configuration as it is, for sections that are not there:
	// proxy, tags, catalog, validation, notifications.
	Extra string
}

// writeConfig writes a configuration like the one that the official images have.
func (s *Server) writeConfig() error {
	var b strings.Builder
	o := s.options
	fmt.Fprintf(&b, "version: 0.1\nlog:\n  level: warn\n  accesslog:\n    disabled: true\nstorage:\n")
	fmt.Fprintf(&b, "  filesystem:\n    rootdirectory: %q\n", s.Root)
	fmt.Fprintf(&b, "  delete:\n    enabled: %t\n", !o.NoDelete)
	if !o.NoCache {
		fmt.Fprintf(&b, "  cache:\n    blobdescriptor: inmemory\n")
	}
	if !o.NoMaintenance {
		fmt.Fprintf(&b, "  maintenance:\n    uploadpurging:\n      enabled: false\n    readonly:\n      enabled: %t\n", o.ReadOnly)
	}
	fmt.Fprintf(&b, "http:\n  addr: %q\n  secret: not-a-secret\n  headers:\n    %s: [%q]\n", s.Addr, markHeader, s.mark)
	if o.TLS {
		fmt.Fprintf(&b, "  tls:\n    certificate: %q\n    key: %q\n", s.file("tls.crt"), s.file("tls.key"))
	}
	switch o.Auth {
	case Basic:
		fmt.Fprintf(&b, "auth:\n  htpasswd:\n    realm: tests\n    path: %q\n", s.file("htpasswd"))
		if err := os.WriteFile(s.file("htpasswd"), []byte(htpasswd), 0o600); err != nil {
			return err
		}
	case Bearer:
		fmt.Fprintf(&b, "auth:\n  token:\n    realm: %q\n    service: tests\n    issuer: tests\n    rootcertbundle: %q\n",
			s.Tokens.Realm, s.file("tokens.crt"))
	}
	if o.Schema1 && s.Version == V2 {
		fmt.Fprintf(&b, "compatibility:\n  schema1:\n    enabled: true\n")
	}
	b.WriteString(o.Extra)
	return os.WriteFile(s.Config, []byte(b.String()), 0o600)
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }
