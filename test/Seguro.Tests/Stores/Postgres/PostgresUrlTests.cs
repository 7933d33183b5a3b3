using Npgsql;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Postgres;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

public sealed class PostgresUrlTests
{
    [Fact]
    public void Reads_every_part_of_a_url()
    {
        PostgresUrl url = Parse("postgresql://us%40er:p%40ss%2Fw%3Ard@one:5433,two/db%20name?sslmode=verify-full&application_name=x&sslrootcert=%2Fca.crt&connect_timeout=3");
        NpgsqlConnectionStringBuilder settings = url.Settings;
        Assert.Equal("one:5433,two:5432", settings.Host);
        Assert.Equal("us@er", settings.Username);
        Assert.Equal("p@ss/w:rd", settings.Password);
        Assert.Equal("db name", settings.Database);
        Assert.Equal(SslMode.VerifyFull, settings.SslMode);
        Assert.Equal("/ca.crt", settings.RootCertificate);
        Assert.Equal("x", settings.ApplicationName);
        Assert.Equal(3, settings.Timeout);
        Assert.Equal("us@er@one:5433,two:5432/db name", url.Where);
    }

    [Theory]
    [InlineData("postgresql://u@[::1]:5433,[fe80::2]/d", "[::1]:5433,[fe80::2]:5432")]
    [InlineData("postgres://u@/d", "localhost:5432")]
    [InlineData("postgresql://u@h:6/d?target_session_attrs=primary", "h:6")]
    [InlineData("postgresql://u@/d?host=a,b&port=7", "a:7,b:7")]
    [InlineData("postgresql://u@/d?host=a,b&port=7,8", "a:7,b:8")]
    public void Reads_hosts_and_ports(string text, string hosts) => Assert.Equal(hosts, Parse(text).Settings.Host);

    [Theory]
    [InlineData("postgresql://u@/d?host=/var/run/postgresql&port=5433")]
    [InlineData("postgresql://u@%2Fvar%2Frun%2Fpostgresql:5433/d")]
    public void Reads_a_unix_socket(string text)
    {
        NpgsqlConnectionStringBuilder settings = Parse(text).Settings;
        Assert.Equal("/var/run/postgresql", settings.Host);
        Assert.Equal(5433, settings.Port);
    }

    [Theory]
    [InlineData("postgresql://u@h/d?sslmod=require", "'sslmode'")]
    [InlineData("postgresql://u@h/d?aplication_name=x", "'application_name'")]
    [InlineData("postgresql://u@h/d?hots=x", "'host'")]
    [InlineData("postgresql://u@h/d?sslmode=on", "sslmode has a value")]
    [InlineData("postgresql://u@h/d?target_session_attrs=standby", "target_session_attrs")]
    [InlineData("postgresql://u@h/d?connect_timeout=soon", "connect_timeout")]
    [InlineData("postgresql://u@h/d?sslmode", "'='")]
    [InlineData("postgresql://u@h:0/d", "server 1")]
    [InlineData("postgresql://u@h,h2:70000/d", "server 2")]
    [InlineData("postgresql://u@[::1/d", "']'")]
    [InlineData("postgresql://u@h/d%2", "'%'")]
    [InlineData("postgresql://u@a,b/d?port=1,2,3", "3 ports for 2 servers")]
    public void Refuses_a_bad_url_and_says_why(string text, string part)
    {
        SeguroException refusal = Assert.Throws<SeguroException>(() => Parse(text));
        Assert.Equal(ErrorCode.BadStoreUrl, refusal.Code);
        Assert.Contains(part, refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refusal.NextStep);
    }

    [Theory]
    [InlineData("postgresql://u:secret/word@h/d")]
    [InlineData("postgresql://u:12/secret@h/d")]
    [InlineData("postgresql://u:sec%ret@h/d")]
    [InlineData("postgresql://u:secret@h:x/d")]
    [InlineData("postgresql://u:secret@h/d?pasword=secret")]
    public void A_refusal_shows_no_part_of_a_password(string text)
    {
        SeguroException refusal = Assert.Throws<SeguroException>(() => Parse(text));
        Assert.DoesNotContain("sec", refusal.Message + refusal.NextStep, StringComparison.Ordinal);
        Assert.DoesNotContain("word@", refusal.Message + refusal.NextStep, StringComparison.Ordinal);
    }

    private static PostgresUrl Parse(string text) => PostgresUrl.Parse(StoreUrl.Parse(text));
}
