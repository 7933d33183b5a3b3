using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Files;
using Seguro.Identity;
using Seguro.Node.Configuration;
using Seguro.Node.Startup;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Node.Startup;

/// <summary>Each small file of a member that a promise rests on, empty, torn, zeroed, and another's: an error that names the file and a way on.</summary>
public sealed class SmallFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("small-files");
    private readonly ClusterCertificates _certificates;

    public SmallFilesTests()
    {
        using (CertificateAuthority authority = CertificateAuthority.Create(_folder["ca"], "small"))
            authority.Issue(_folder["tls"], new ClusterIdentity("test", "m1"), ["127.0.0.1"]);
        _certificates = ClusterCertificates.Load(_folder["tls"]);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Started => Path.Combine(_folder["data"], EmbeddedDqlite.StartedFile);

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 of sm")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("1 of small\n# sha256 0000\n")]
    public async Task A_damaged_record_that_a_node_ran_is_named_with_the_way_to_mend_it(string text)
    {
        Directory.CreateDirectory(_folder["data"]);
        await File.WriteAllTextAsync(Started, text, Cancel);
        SeguroException error = await RefusalAsync();
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains(Started, error.Message, StringComparison.Ordinal);
        Assert.Contains($"echo '1 of small' > {Started}", error.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2 of small\n")]
    [InlineData("1 of another\n")]
    public async Task A_record_of_another_node_or_cluster_is_a_lost_disk(string text)
    {
        Directory.CreateDirectory(_folder["data"]);
        await File.WriteAllTextAsync(Started, text, Cancel);
        SeguroException error = await RefusalAsync();
        Assert.Equal(ErrorCode.LostDisk, error.Code);
        Assert.Contains("members:m1:id", error.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing", true)]
    [InlineData("a start that broke off", true)]
    [InlineData("the old node", false)]
    public async Task A_new_number_takes_the_place_of_a_node_whose_folder_was_moved_away_even_where_the_start_broke_off(string lies, bool isTaken)
    {
        NodeConfiguration configuration = await ConfigureAsync(7);
        DqliteNodeOptions old = new() { Folder = Path.Combine(_folder["data"], "dqlite"), Id = 3, Address = configuration.Self.Dqlite!.Value, Cluster = "small" };
        if (lies != "nothing")
            NodeFolder.Open(isTaken ? old with { Id = 7 } : old).Dispose();
        else
            Directory.CreateDirectory(_folder["data"]);
        SealedFile.Write(Started, "3 of small\n");
        // What is wrong is found out before anybody is asked anything, so who gets as far as to wait was let pass.
        Exception? ended = await Record.ExceptionAsync(() => StartAsync(configuration, new CancellationToken(canceled: true)));
        if (isTaken)
            Assert.IsAssignableFrom<OperationCanceledException>(ended);
        else
            Assert.Equal(ErrorCode.LostDisk, Assert.IsType<SeguroException>(ended).Code);
    }

    [Theory]
    [InlineData("1 of small\n")]
    [InlineData(null)]
    public async Task A_record_without_a_checksum_of_an_older_Seguro_is_taken_and_so_is_a_sealed_one(string? unsealed)
    {
        Directory.CreateDirectory(_folder["data"]);
        if (unsealed is null)
            SealedFile.Write(Started, "1 of small\n");
        else
            await File.WriteAllTextAsync(Started, unsealed, Cancel);
        // It says that there must be data, and there is none: so it was read and believed.
        SeguroException error = await RefusalAsync();
        Assert.Equal(ErrorCode.LostDisk, error.Code);
        Assert.Contains("is empty, but node 1 ran there", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("anything")]
    public async Task What_is_in_the_file_that_lets_a_node_form_a_cluster_says_nothing(string text)
    {
        Directory.CreateDirectory(_folder["data"]);
        string form = Path.Combine(_folder["data"], ClusterFormation.File);
        await File.WriteAllTextAsync(form, text, Cancel);
        await File.WriteAllTextAsync(Started, "1 of small\n", Cancel);
        // With the record that a node ran, it forms nothing, whatever it holds.
        Assert.Equal(ErrorCode.LostDisk, (await RefusalAsync()).Code);
        Assert.True(File.Exists(form));
    }

    [Fact]
    public async Task An_old_leave_to_form_a_cluster_is_not_believed_where_no_other_node_answers()
    {
        string data = _folder["data"];
        ClusterFormation.Allow(data, DateTimeOffset.UtcNow - ClusterFormation.Believed - TimeSpan.FromMinutes(1));
        NodeConfiguration configuration = await ConfigureAsync(1, other: true);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => StartAsync(configuration, Cancel));
        Assert.Equal(ErrorCode.LostDisk, error.Code);
        Assert.Contains($"seguro member replace -c {_folder["seguro.json"]}", error.NextStep, StringComparison.Ordinal);
        Assert.Contains($": > {Path.Combine(data, ClusterFormation.File)}", error.NextStep, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(data, "dqlite")));
        // The owner's word, and a new cluster's own: it goes as far as to start the node, which has no program beside this test's.
        await File.WriteAllTextAsync(Path.Combine(data, ClusterFormation.File), "", Cancel);
        Assert.NotEqual(ErrorCode.LostDisk, await BeginsAsync(configuration));
        ClusterFormation.Allow(data, DateTimeOffset.UtcNow);
        Assert.NotEqual(ErrorCode.LostDisk, await BeginsAsync(configuration));
        ClusterFormation.Forbid(data);
        Assert.False(File.Exists(Path.Combine(data, ClusterFormation.File)));
    }

    [Theory]
    [InlineData(ClusterCertificates.AuthorityFile, "empty")]
    [InlineData(ClusterCertificates.AuthorityFile, "torn")]
    [InlineData(ClusterCertificates.AuthorityFile, "zeroed")]
    [InlineData(ClusterCertificates.AuthorityFile, "gone")]
    [InlineData(ClusterCertificates.AuthorityFile, "another's")]
    [InlineData(ClusterCertificates.MemberFile, "empty")]
    [InlineData(ClusterCertificates.MemberFile, "torn")]
    [InlineData(ClusterCertificates.MemberFile, "zeroed")]
    [InlineData(ClusterCertificates.MemberFile, "gone")]
    [InlineData(ClusterCertificates.MemberFile, "another's")]
    [InlineData(ClusterCertificates.MemberKeyFile, "empty")]
    [InlineData(ClusterCertificates.MemberKeyFile, "torn")]
    [InlineData(ClusterCertificates.MemberKeyFile, "zeroed")]
    [InlineData(ClusterCertificates.MemberKeyFile, "gone")]
    [InlineData(ClusterCertificates.MemberKeyFile, "another's")]
    [InlineData(ClusterCertificates.MemberKeyFile, "everybody's")]
    public async Task A_damaged_certificate_or_key_is_named(string file, string damage)
    {
        string path = Path.Combine(_folder["tls"], file);
        if (damage == "another's")
        {
            using (CertificateAuthority other = CertificateAuthority.Create(_folder["other-ca"], "other"))
                other.Issue(_folder["other"], new ClusterIdentity("test", "m1"), ["127.0.0.1"]);
            File.Copy(Path.Combine(_folder["other"], file), path, overwrite: true);
        }
        else if (damage == "everybody's")
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        else
        {
            await DamageAsync(path, damage);
        }
        SeguroException error = Assert.Throws<SeguroException>(() => ClusterCertificates.Load(_folder["tls"]));
        Assert.Equal(damage switch { "gone" => ErrorCode.NotFound, "everybody's" => ErrorCode.ExposedSecret, _ => ErrorCode.AccessDenied }, error.Code);
        Assert.Contains(_folder["tls"], error.Message, StringComparison.Ordinal);
        Assert.Contains(damage == "another's" && file != ClusterCertificates.AuthorityFile ? ClusterCertificates.MemberFile : file, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.NextStep);
        if (damage == "everybody's")
            Assert.Contains($"chmod 600 {path}", error.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("torn")]
    [InlineData("zeroed")]
    [InlineData("gone")]
    public async Task A_damaged_balancer_key_is_named_and_not_shown(string damage)
    {
        string path = _folder["balancer.key"];
        const string Secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        await File.WriteAllTextAsync(path, Secret + "\n", Cancel);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await DamageAsync(path, damage);
        SeguroException error = Assert.Throws<SeguroException>(() => KeyFiles.LoadKey(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret[..8], error.Message + error.NextStep, StringComparison.Ordinal);
        Assert.NotEmpty(error.NextStep);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("torn")]
    [InlineData("zeroed")]
    [InlineData("gone")]
    public async Task A_damaged_configuration_is_named(string damage)
    {
        string path = _folder["seguro.json"];
        await File.WriteAllTextAsync(path, """{ "cluster": "small", "store": "sqlite:log.db", "member": { "name": "m1" } }""", Cancel);
        await DamageAsync(path, damage);
        SeguroException error = Assert.Throws<SeguroException>(() => ConfigurationReader.Read(path, []));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.True(error.Code is ErrorCode.BadValue or ErrorCode.NotFound, error.ToString());
        Assert.NotEmpty(error.NextStep);
    }

    private static async Task DamageAsync(string path, string damage)
    {
        byte[] bytes = await File.ReadAllBytesAsync(path, Cancel);
        if (damage == "gone")
        {
            File.Delete(path);
            return;
        }
        await File.WriteAllBytesAsync(path, damage switch { "empty" => [], "torn" => bytes[..(bytes.Length / 2)], _ => new byte[bytes.Length] }, Cancel);
    }

    private async Task<SeguroException> RefusalAsync()
    {
        NodeConfiguration configuration = await ConfigureAsync(1);
        return await Assert.ThrowsAsync<SeguroException>(() => StartAsync(configuration, Cancel));
    }

    private Task<EmbeddedDqlite> StartAsync(NodeConfiguration configuration, CancellationToken cancel) =>
        EmbeddedDqlite.StartAsync(
            configuration, _certificates, new AccessList("test", new AccessRecord { Members = ["m1"] }),
            new StartWaiting(static _ => { }, TimeProvider.System), NullLogger.Instance, cancel);

    private async Task<ErrorCode?> BeginsAsync(NodeConfiguration configuration)
    {
        try
        {
            await using EmbeddedDqlite node = await StartAsync(configuration, Cancel);
            return null;
        }
        catch (SeguroException error)
        {
            return error.Code;
        }
        finally
        {
            foreach (string left in new[] { Path.Combine(configuration.Folder, "dqlite"), Started })
            {
                if (Directory.Exists(left))
                    Directory.Delete(left, recursive: true);
                File.Delete(left);
            }
        }
    }

    private async Task<NodeConfiguration> ConfigureAsync(ulong id, bool other = false)
    {
        string second = other ? $$""", "m2": { "id": 2, "links": "127.0.0.1:{{FreePort.Next()}}", "dqlite": "127.0.0.1:{{FreePort.Next()}}" }""" : "";
        string path = _folder["seguro.json"];
        await File.WriteAllTextAsync(
            path,
            $$"""
            {
              "cluster": "small", "ship": { "name": "~zod", "kind": "nock" }, "store": "dqlite",
              "member": { "name": "m1", "folder": "{{_folder["data"]}}" }, "certificates": "{{_folder["tls"]}}",
              "members": { "m1": { "id": {{id}}, "links": "127.0.0.1:{{FreePort.Next()}}", "dqlite": "127.0.0.1:{{FreePort.Next()}}" }{{second}} },
              "optimism": 0
            }
            """,
            Cancel);
        return ConfigurationReader.Read(path, []);
    }
}
