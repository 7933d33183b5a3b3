using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary><c>seguro run --check</c> refuses what a start would.</summary>
public sealed class RunCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Configuration => Path.Combine(_folder["c"], "m1", "seguro.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Harbors_and_their_key_are_looked_at_and_shown_without_passwords()
    {
        await InitAsync();
        (await CommandRun.OfAsync("harbor", "key", "new", _folder["zod"])).Ok();
        string key = $"harbor:key={_folder["zod.harbor"]}";
        (await CheckAsync($"harbor:targets=file:{_folder["backup"]}", $"harbor:key={_folder["nowhere"]}")).Fails("SG1012", 1, "nowhere");
        (await CheckAsync("harbor:targets=bogus:x", key)).Fails("SG2003", 2, "bogus");
        (await CheckAsync($"harbor:targets=@{_folder["nowhere"]}", key)).Fails("SG1012", 1, "nowhere");
        CommandRun shown = (await CheckAsync($"harbor:targets=file:{_folder["backup"]} ", key)).Ok();
        Assert.Contains($"file:{_folder["backup"]}", shown.Output, StringComparison.Ordinal);
        (await CheckAsync("harbor:targets=sftp://me:pass-word@host/x", key)).Fails("SG2003", 2);
        Assert.DoesNotContain("pass-word", (await CheckAsync("harbor:targets=sftp://me:pass-word@host/x", key)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_vere_is_looked_for_where_the_configuration_says()
    {
        await InitAsync("--kind", "vere", "--fake", "--vere-binary", "true");
        (await CheckAsync()).Ok();
        (await CheckAsync("vere:binary=there-is-no-such-vere")).Fails("SG1012", 1, "there-is-no-such-vere", "PATH");
        string plain = _folder["urbit"];
        await File.WriteAllTextAsync(plain, "", TestContext.Current.CancellationToken);
        (await CheckAsync($"vere:binary={plain}")).Fails("SG1012", 1, "executable");
    }

    private async Task InitAsync(params string[] words) => (await CommandRun.OfAsync(["cluster", "init", _folder["c"], "--ship", "~zod", "--members", "1", .. words])).Ok();

    private Task<CommandRun> CheckAsync(params string[] settings) => CommandRun.OfAsync(["run", "--check", "-c", Configuration, .. settings.SelectMany(static setting => (string[])["--set", setting])]);
}
