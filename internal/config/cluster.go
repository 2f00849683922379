package config

import "time"

// Cluster is what all shards on PostgreSQL have in common; a shard's own entry
// in Shards stands over it.
type Cluster struct {
	// Master is the server of the shards that name none themselves.
	Master Master `yaml:"master"`
	// ReadReplicas serve reads that may be stale, by weight; each has the
	// databases of all shards. None by default.
	ReadReplicas []Replica `yaml:"read_replicas"`
	// MaxLag is how far a replica that is read from may be behind, 3 s or more; 10 s
	// by default.
	MaxLag         time.Duration `yaml:"max_lag"`
	ConnectionPool Pool          `yaml:"connection_pool"`
	// PasswordEnv names the environment's variable that holds the password,
	// PasswordFile the file; one of them at most. Neither: the server asks for
	// none, or the client's own files (~/.pgpass) hold it.
	PasswordEnv  string `yaml:"password_env"`
	PasswordFile string `yaml:"password_file"`
	// PreparedStatements are used, unless this is false: through a pooler of
	// transactions (PgBouncer) they cannot be.
	PreparedStatements *bool `yaml:"prepared_statements"`
}

// Master is a server that takes writes.
type Master struct {
	Host string `yaml:"host"`
	// Port is 1 to 65535; 5432 by default.
	Port int `yaml:"port"`
	// MaxConnections is the server's own max_connections, which the pools of all
	// shards on it must fit into; 0, when it is left out, is not checked.
	MaxConnections int `yaml:"max_connections"`
}

// Replica is a server that follows a master and takes reads.
type Replica struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"` // 1 to 65535; 5432 by default
	// Weight is its part of the reads, 1 to 1000; 1 by default.
	Weight int `yaml:"weight"`
}

// Pool is the connections of one process to one server of one shard.
type Pool struct {
	// MinSize is how many are kept open, 0 to MaxSize; 20 by default, or MaxSize
	// if that is less.
	MinSize int `yaml:"min_size"`
	// MaxSize is the most that are open at a time, 2 to 10,000; 100 by default,
	// or what the server's max_connections leaves.
	MaxSize int `yaml:"max_size"`
	// Timeout is how long a free connection is waited for; 30 s by default.
	Timeout time.Duration `yaml:"timeout"`
	// CommandTimeout is how long a statement may take; 30 s by default.
	CommandTimeout time.Duration `yaml:"command_timeout"`
}

// Shards is how many shards there are, or what each of them is.
type Shards struct {
	// Count is their number, a power of two from 1 to 256, fixed when the store
	// is made. 0: as many as the embedded store has, 4 for a new one.
	Count int `yaml:"count"`
	// List is the shards on PostgreSQL, number 0 first; empty: the master's
	// databases florin_0, florin_1 ...
	List []Shard `yaml:"list"`
}

// Shard is one shard's database on PostgreSQL. What it leaves out is as
// database_cluster says.
type Shard struct {
	// DSN is the database's address as libpq knows it, without a password; several
	// hosts are one shard's servers. By default the database florin_N of the
	// master, user florin.
	DSN string `yaml:"dsn"`
	// MaxConnections is that of the shard's servers.
	MaxConnections     int       `yaml:"max_connections"`
	ReadReplicas       []Replica `yaml:"read_replicas"`
	ConnectionPool     Pool      `yaml:"connection_pool"`
	PasswordEnv        string    `yaml:"password_env"`
	PasswordFile       string    `yaml:"password_file"`
	PreparedStatements *bool     `yaml:"prepared_statements"`
}

// UnmarshalYAML reads a number or a list; what it reads serves the check of the
// text alone.
func (s *Shards) UnmarshalYAML(read func(any) error) error {
	var list []any
	if read(&list) == nil {
		return read(&s.List)
	}
	return read(&s.Count)
}

// normal turns the field shards, a number or a list, into the block Shards.
func normal(values map[string]any) map[string]any {
	switch shards := values["shards"].(type) {
	case nil:
	case []any:
		values["shards"] = map[string]any{"list": shards}
	default:
		values["shards"] = map[string]any{"count": shards}
	}
	return values
}

// The defaults of pools and servers.
const (
	defaultPort           = 5432
	defaultWeight         = 1
	defaultMinSize        = 20
	defaultMaxSize        = 100
	defaultTimeout        = 30 * time.Second
	defaultCommandTimeout = 30 * time.Second
	defaultShards         = 4
	defaultUser           = "florin"
	minMaxLag             = 3 * time.Second // a replica is looked at each second
	defaultPause          = 2 * time.Millisecond
)
