using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>The real piers and pills beside the repository, which not everybody has.</summary>
internal static class RealData
{
    /// <summary>The path of a file or folder of the data; <see langword="null"/> where it is not there.</summary>
    public static string? Find(string name)
    {
        try
        {
            string path = Path.Combine(SharedData.Path, name);
            return Path.Exists(path) ? path : null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }
}
