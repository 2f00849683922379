package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Database is one shard on PostgreSQL, as all blocks together say.
type Database struct {
	// DSN leads to the shard's servers; it holds no password.
	DSN string
	// Password is what password_env or password_file holds; "" for none.
	Password Secret
	// Replicas are its read replicas, whose database, user and password are the
	// shard's own.
	Replicas []Replica
	Pool     Pool
	// PreparedStatements tells whether they may be used.
	PreparedStatements bool

	field          string   // its entry
	servers        []string // host:port of those in DSN
	name           string   // of the database
	maxConnections int      // of its servers; 0: not known
	poolField      string   // where max_size stands; "" when it is a default
}

// Secret is a text that is not printed.
type Secret string

// Format writes *** for a secret, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) {
	if s != "" {
		_, _ = f.Write([]byte("***"))
	}
}

// The bounds of what PostgreSQL's blocks count.
const (
	maxPort           = 65_535
	maxWeight         = 1000
	minPoolSize       = 2 // a connection that writes and one that reads
	maxPoolSize       = 10_000
	maxMaxConnections = 262_143 // PostgreSQL's own bound
)

// resolve makes Databases of all blocks, and refuses what cannot be.
func (c *Config) resolve() error {
	list := c.Shards.List
	if len(list) == 0 {
		count := c.Shards.Count
		if count == 0 {
			count = defaultShards
		}
		list = make([]Shard, count)
	}
	if err := c.checkCluster(); err != nil {
		return err
	}
	for i, shard := range list {
		d, err := c.database(i, shard)
		if err != nil {
			return err
		}
		if err := c.checkTwice(d); err != nil {
			return err
		}
		c.Databases = append(c.Databases, d)
	}
	if !c.source.given["commit.permits"] {
		c.Commit.Permits = len(c.Databases) // a shard commits whatever the others do
	}
	if !c.source.given["commit.pause"] {
		c.Commit.Pause = defaultPause
	}
	return c.fitPools()
}

// checkCluster refuses what is wrong in the block that all shards have in common.
func (c *Config) checkCluster() error {
	const block = "database_cluster"
	m := c.Cluster.Master
	switch {
	case c.source.given[block+".master"] && m.Host == "":
		return c.source.at(block+".master.host", "is missing")
	case !isHost(m.Host) && m.Host != "":
		return c.source.at(block+".master.host", "%q is no host's name or address", m.Host)
	}
	if err := c.checkRange(block+".master.port", m.Port, 1, maxPort); err != nil {
		return err
	}
	if err := c.checkRange(block+".master.max_connections", m.MaxConnections, 1, maxMaxConnections); err != nil {
		return err
	}
	if c.source.given[block+".max_lag"] && c.Cluster.MaxLag < minMaxLag {
		return c.source.at(block+".max_lag", "%s is less than %s", c.Cluster.MaxLag, minMaxLag)
	}
	if err := c.checkPool(block+".connection_pool", c.Cluster.ConnectionPool); err != nil {
		return err
	}
	return c.checkReplicas(block+".read_replicas", c.Cluster.ReadReplicas)
}

// checkRange refuses a given number that is out of bounds.
func (c *Config) checkRange(field string, n, least, most int) error {
	if c.source.given[field] && (n < least || n > most) {
		return c.source.at(field, "%d is not %d to %d", n, least, most)
	}
	return nil
}

func (c *Config) checkPool(field string, p Pool) error {
	if err := c.checkRange(field+".max_size", p.MaxSize, minPoolSize, maxPoolSize); err != nil {
		return err
	}
	if err := c.checkRange(field+".min_size", p.MinSize, 0, maxPoolSize); err != nil {
		return err
	}
	if c.source.given[field+".timeout"] {
		if err := c.checkTime(field+".timeout", p.Timeout); err != nil {
			return err
		}
	}
	if c.source.given[field+".command_timeout"] {
		return c.checkTime(field+".command_timeout", p.CommandTimeout)
	}
	return nil
}

func (c *Config) checkReplicas(field string, replicas []Replica) error {
	for i, r := range replicas {
		at := fmt.Sprintf("%s[%d]", field, i)
		if !isHost(r.Host) {
			return c.source.at(at+".host", "%q is no host's name or address", r.Host)
		}
		if err := c.checkRange(at+".port", r.Port, 1, maxPort); err != nil {
			return err
		}
		if err := c.checkRange(at+".weight", r.Weight, 1, maxWeight); err != nil {
			return err
		}
		same := func(o Replica) bool { return o.server() == r.server() }
		if slices.ContainsFunc(replicas[:i], same) {
			return c.source.at(at+".host", "%s is in the list already", r.server())
		}
	}
	return nil
}

// hosts is the form of a host's name or address, or of a socket's folder. pgx
// would take others for something else.
var hosts = regexp.MustCompile(`^(?:[A-Za-z0-9_.:%-]+|/[^\s,]*)$`)

func isHost(host string) bool {
	if strings.Contains(host, ":") && net.ParseIP(strings.SplitN(host, "%", 2)[0]) == nil {
		return false
	}
	return hosts.MatchString(host)
}

func (r Replica) server() string { return server(r.Host, r.Port) }

func server(host string, port int) string {
	if port == 0 {
		port = defaultPort
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// database puts one shard together.
func (c *Config) database(number int, s Shard) (Database, error) {
	d := Database{field: fmt.Sprintf("shards[%d]", number), maxConnections: c.Cluster.Master.MaxConnections}
	if err := c.checkShard(d.field, s); err != nil {
		return d, err
	}
	if s.MaxConnections > 0 {
		d.maxConnections = s.MaxConnections
	}
	if err := c.addressOf(&d, number, s); err != nil {
		return d, err
	}
	d.Replicas = slices.Clone(c.Cluster.ReadReplicas)
	if c.source.given[d.field+".read_replicas"] {
		d.Replicas = slices.Clone(s.ReadReplicas)
	}
	for i := range d.Replicas {
		r := &d.Replicas[i]
		r.Port, r.Weight = or(r.Port, defaultPort), or(r.Weight, defaultWeight)
		if len(d.servers) == 1 && d.servers[0] == r.server() { // of several, it may follow another
			return d, c.source.at(d.field+".read_replicas", "%s is the shard's master already", r.server())
		}
	}
	d.PreparedStatements = true
	for _, set := range []*bool{c.Cluster.PreparedStatements, s.PreparedStatements} {
		if set != nil {
			d.PreparedStatements = *set
		}
	}
	if err := c.poolOf(&d, s.ConnectionPool); err != nil {
		return d, err
	}
	return d, c.passwordOf(&d, s)
}

func (c *Config) checkShard(field string, s Shard) error {
	if err := c.checkRange(field+".max_connections", s.MaxConnections, 1, maxMaxConnections); err != nil {
		return err
	}
	if err := c.checkPool(field+".connection_pool", s.ConnectionPool); err != nil {
		return err
	}
	return c.checkReplicas(field+".read_replicas", s.ReadReplicas)
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// addressOf finds out where a shard is.
func (c *Config) addressOf(d *Database, number int, s Shard) error {
	field := d.field + ".dsn"
	if d.DSN = s.DSN; d.DSN == "" {
		if c.Cluster.Master.Host == "" {
			if len(c.Shards.List) == 0 {
				return c.source.at("store", "postgres needs the databases: name them in shards, or database_cluster.master.host")
			}
			return c.source.at(field, "is missing, and there is no database_cluster.master.host")
		}
		d.DSN = masterDSN(c.Cluster.Master, number)
	}
	if holdsPassword(d.DSN) {
		return c.source.at(field, "holds a password: passwords come from password_env or password_file")
	}
	if !hasForm(d.DSN) {
		return c.source.at(field, "is no PostgreSQL address: it begins with postgres:// or postgresql://, as in %s, "+
			"or has words as in host=db dbname=florin_0 user=florin", exampleDSN)
	}
	parsed, err := pgconn.ParseConfig(d.DSN)
	if err != nil {
		return c.source.at(field, "%w", cause(err))
	}
	if d.name = parsed.Database; d.name == "" {
		return c.source.at(field, "names no database")
	}
	for name := range parsed.RuntimeParams {
		if strings.HasPrefix(name, "pool_") {
			return c.source.at(field, "%s: sizes and times of pools stand in connection_pool", name)
		}
	}
	add := func(host string, port uint16) {
		if s := server(host, int(port)); !slices.Contains(d.servers, s) { // with and without TLS
			d.servers = append(d.servers, s)
		}
	}
	add(parsed.Host, parsed.Port)
	for _, f := range parsed.Fallbacks {
		add(f.Host, f.Port)
	}
	return nil
}

// AtDatabase makes an error about a shard's database, with the file, the line and the
// field that lead there.
func (c *Config) AtDatabase(shard int, err error) error {
	field := c.Databases[shard].field + ".dsn"
	if shard >= len(c.Shards.List) || c.Shards.List[shard].DSN == "" {
		field = "database_cluster.master.host"
	}
	return c.source.at(field, "%w", err)
}

// masterDSN is the address of the master's database of a shard.
func masterDSN(m Master, shard int) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(defaultUser), Host: server(m.Host, m.Port), Path: fmt.Sprintf("/florin_%d", shard),
	}
	if strings.HasPrefix(m.Host, "/") { // a socket's folder
		return fmt.Sprintf("user=%s host='%s' port=%d dbname=florin_%d",
			defaultUser, strings.ReplaceAll(m.Host, "'", `\'`), or(m.Port, defaultPort), shard)
	}
	return u.String()
}

// urlSchemes is what URLs of another kind begin with.
var urlSchemes = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// hasForm tells whether a text is a URL of PostgreSQL's, or has words with values.
func hasForm(dsn string) bool {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return true
	}
	return strings.Contains(dsn, "=") && !urlSchemes.MatchString(dsn)
}

// exampleDSN is what one looks like.
const exampleDSN = "postgres://florin@db:5432/florin_0"

// secretWords are the settings of a DSN that are secrets.
var secretWords = regexp.MustCompile(`(?i)(?:^|[\s?&])(?:ssl)?password\s*=`)

// holdsPassword tells whether a DSN has one, in any of the places where libpq
// takes it.
func holdsPassword(dsn string) bool {
	if secretWords.MatchString(dsn) {
		return true
	}
	rest, isURL := strings.CutPrefix(dsn, "postgres://")
	if !isURL {
		rest, isURL = strings.CutPrefix(dsn, "postgresql://")
	}
	if !isURL {
		return false
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, _, _ := strings.Cut(rest, "/")
	if user := strings.LastIndex(authority, "@"); user >= 0 && strings.Contains(authority[:user], ":") {
		return true
	}
	values, err := url.ParseQuery(query)
	return err == nil && (values.Has("password") || values.Has("sslpassword")) // written with %
}

// cause is what pgx found wrong, without the DSN itself.
func cause(err error) error {
	var wrong *pgconn.ParseConfigError
	if !errors.As(err, &wrong) {
		return err
	}
	text := err.Error()
	if _, what, ok := strings.Cut(text, "`: "); ok {
		text = what
	}
	return errors.New("is no PostgreSQL address: " + text)
}

// checkTwice refuses a database that is another shard's already.
func (c *Config) checkTwice(d Database) error {
	for _, other := range c.Databases {
		for _, s := range d.servers {
			if other.name == d.name && slices.Contains(other.servers, s) {
				return c.source.at(d.field+".dsn", "the database %s of %s is that of %s already", d.name, s, other.field)
			}
		}
	}
	return nil
}

// passwordOf reads a shard's password.
func (c *Config) passwordOf(d *Database, s Shard) error {
	field, env, file := d.field, s.PasswordEnv, s.PasswordFile
	if env == "" && file == "" {
		field, env, file = "database_cluster", c.Cluster.PasswordEnv, c.Cluster.PasswordFile
	}
	switch {
	case env != "" && file != "":
		return c.source.at(field+".password_file", "password_env says where the password is already")
	case env != "":
		secret, found := os.LookupEnv(env)
		if !found || secret == "" {
			return c.source.at(field+".password_env", "the environment has no %s", env)
		}
		d.Password = Secret(secret)
	case file != "":
		text, err := os.ReadFile(file)
		if err != nil {
			return c.source.at(field+".password_file", "%w", err)
		}
		d.Password = Secret(strings.TrimRight(string(text), "\r\n"))
		if d.Password == "" {
			return c.source.at(field+".password_file", "%s is empty", file)
		}
	}
	return nil
}
